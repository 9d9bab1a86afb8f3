/** `text` as a POSIX shell takes it for one word: bare where that is safe, in single quotes elsewhere (POSIX.1, 2.2.2). */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
