/** Texts of others, as a terminal may have them. */

/** One line: line breaks, what steers a terminal, and what turns the direction of letters are spaces. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]+/g, ' ');
}
