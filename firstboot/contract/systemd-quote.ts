/** Quoting of systemd.syntax(7): one word of a unit file that systemd reads back as exactly `text`. */

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n', '\t': '\\t', '\r': '\\r' };

/**
 * A double-quoted word. `%` is doubled against specifiers. `command` doubles `$` too: command lines substitute
 * environment variables (systemd.service(5), COMMAND LINES), other settings do not.
 * @throws RangeError for a NUL, which no unit file can hold
 */
export function systemdQuote(text: string, command: boolean): string {
  if (text.includes('\0')) throw new RangeError('systemd cannot take a NUL character');
  const escaped = text.replace(
    /[\\"\u0000-\u001f\u007f]/g,
    (char) => ESCAPES[char] ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  const specifiers = escaped.replaceAll('%', '%%');
  return `"${command ? specifiers.replaceAll('$', '$$$$') : specifiers}"`;
}

/** A command line for `ExecStart=`: words that need no quotes stay plain, for people who read the unit. */
export function systemdCommand(argv: readonly string[]): string {
  return argv.map((word) => (/^[A-Za-z0-9_@+=:,./-]+$/.test(word) ? word : systemdQuote(word, true))).join(' ');
}
