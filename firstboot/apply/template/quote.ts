/**
 * How a value is written so that a file's reader gets back exactly what was put in. `{{x}}` in a template inserts a
 * whole literal: the quotes, where the format has any, are part of it. A value that a format cannot hold is refused.
 */

import type { TemplateFormat } from '../../contract/step.ts';
import { systemdQuote } from '../../contract/systemd-quote.ts';

/** A value that this format has no way to write. The value itself is not in the message: it may be a secret. */
export class Unquotable extends Error {
  override readonly name = 'Unquotable';
}

/** `before` is the template's own text on the same line, for formats where the place decides. */
export type Quote = (value: unknown, before: string) => string;

export const QUOTES: Readonly<Record<TemplateFormat, Quote>> = {
  text: (value) => plain(value),
  json: (value) => JSON.stringify(checked(value)),
  yaml: (value) => yaml(value),
  python: (value) => python(value),
  shell: (value) => `'${withoutNul(plain(value), 'a shell').replaceAll("'", `'\\''`)}'`,
  systemd: (value, before) => systemdQuote(withoutNul(plain(value), 'systemd'), /^\s*Exec\w*=/.test(before)),
  nginx: (value) => nginx(plain(value)),
  ini: (value) => ini(plain(value)),
  properties: (value) => properties(plain(value)),
  xml: (value) => xml(plain(value)),
  sql: (value) => sqlLiteral(value),
};

/** Scalars as text; lists and objects need `{{#each}}` in formats that have no literal for them. */
function plain(value: unknown): string {
  const known = checked(value);
  if (known === null) return '';
  if (typeof known === 'object') throw new Unquotable('a list or an object has no place here: use {{#each}}');
  return String(known);
}

/** Refuses what no file can hold: nothing at all, and lone surrogates, which have no UTF-8 form. */
function checked(value: unknown): unknown {
  if (value === undefined || typeof value === 'function') throw new Unquotable('there is no value');
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (/\p{Surrogate}/u.test(text)) throw new Unquotable('the value is not valid Unicode');
  return value;
}

function withoutNul(text: string, reader: string): string {
  if (text.includes('\0')) throw new Unquotable(`${reader} cannot take a NUL character`);
  return text;
}

/**
 * JSON is YAML but for characters that YAML calls unprintable, and for those that YAML 1.1 takes as line breaks: they
 * are escaped (YAML 1.2.2, 5.1 and 5.7).
 */
function yaml(value: unknown): string {
  return JSON.stringify(checked(value)).replace(/[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g, unicodeEscape);
}

function unicodeEscape(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** A Python literal (The Python Language Reference, 2.4). */
function python(value: unknown): string {
  const known = checked(value);
  if (known === null) return 'None';
  if (typeof known === 'boolean') return known ? 'True' : 'False';
  if (typeof known === 'string') return pythonString(known);
  if (Array.isArray(known)) return `[${known.map(python).join(', ')}]`;
  if (typeof known === 'object') {
    return `{${Object.entries(known)
      .map(([name, member]) => `${pythonString(name)}: ${python(member)}`)
      .join(', ')}}`;
  }
  return String(known);
}

function pythonString(text: string): string {
  const escaped = text.replace(/[\\'\n\r\t]/g, (char) => ({ '\n': '\\n', '\r': '\\r', '\t': '\\t' })[char] ?? `\\${char}`);
  return `'${escaped.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff]/g, unicodeEscape)}'`;
}

/** nginx has no way to write a `$` that is no variable, so such a value is refused rather than changed. */
function nginx(text: string): string {
  if (text.includes('$')) throw new Unquotable('nginx cannot take a $ character in a value');
  return `"${withoutNul(text, 'nginx').replace(/[\\"]/g, '\\$&')}"`;
}

/**
 * As Python's configparser reads it, supervisor's way included: `%` is doubled. INI has no quotes, and where one reader
 * joins lines the next one takes the second line for a setting of its own, so line breaks and edges are refused.
 */
function ini(text: string): string {
  if (/[\u0000-\u0008\u000a-\u001f\u007f\u0085\u2028\u2029]/.test(text)) {
    throw new Unquotable('an INI file cannot take line breaks and control characters in a value');
  }
  if (text !== text.trim()) throw new Unquotable('an INI file cannot take spaces at the ends of a value');
  if (/(^|\s)[;#]/.test(text)) throw new Unquotable('an INI file cannot take ; or # at the beginning of a word: a comment begins there');
  return text.replaceAll('%', '%%');
}

/** java.util.Properties, `load(InputStream)`: ISO 8859-1, so everything beyond ASCII is escaped. */
function properties(text: string): string {
  const escaped = text
    .replace(/[\\:=#!]/g, '\\$&')
    .replace(/[\n\r\t\f]/g, (char) => ({ '\n': '\\n', '\r': '\\r', '\t': '\\t', '\f': '\\f' })[char] ?? char)
    .replace(/[^ -~]/g, unicodeEscape);
  return escaped.replace(/^ /, '\\ ');
}

const XML: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '\n': '&#10;',
  '\r': '&#13;',
  '\t': '&#9;',
};

/** For element content and attributes alike: line breaks as references, which attribute normalisation leaves alone (XML 1.0, 3.3.3). */
function xml(text: string): string {
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(text)) throw new Unquotable('XML cannot take control characters');
  return text.replace(/[&<>"'\n\r\t]/g, (char) => XML[char] ?? char);
}

/** An SQL literal. With a backslash it is PostgreSQL's E'' form, which means the same whatever standard_conforming_strings says. */
export function sqlLiteral(value: unknown): string {
  const known = checked(value);
  if (known === null) return 'NULL';
  if (typeof known === 'boolean') return known ? 'TRUE' : 'FALSE';
  if (typeof known === 'number') return String(known);
  const text = withoutNul(plain(known), 'SQL').replaceAll("'", "''");
  return text.includes('\\') ? ` E'${text.replaceAll('\\', '\\\\')}'` : `'${text}'`;
}

/** A quoted SQL identifier. */
export function sqlIdentifier(name: string): string {
  return `"${withoutNul(name, 'SQL').replaceAll('"', '""')}"`;
}
