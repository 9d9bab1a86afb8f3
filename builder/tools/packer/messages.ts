/**
 * What `packer -machine-readable` prints, as data: lines of `timestamp,target,type,data...`
 * (developer.hashicorp.com/packer/docs/commands, "Machine-Readable Output").
 */

export interface PackerMessage {
  /** `say`: Packer itself; `message`: standard output of the guest; `error`: standard error of the guest, and failures. */
  kind: 'say' | 'message' | 'error' | 'other';
  text: string;
}

/** Undefined for a line that is not of this format. */
export function parseMessage(line: string): PackerMessage | undefined {
  const [timestamp, , type, ...data] = line.split(',');
  if (timestamp === undefined || !/^\d+$/.test(timestamp) || type === undefined) return undefined;
  const [first = '', ...rest] = data.map(unescapeData);
  if (type === 'ui') return { kind: isKind(first) ? first : 'other', text: stripPrefix(rest.join(',')) };
  if (type === 'error') return { kind: 'error', text: stripPrefix([first, ...rest].join(',')) };
  return { kind: 'other', text: [first, ...rest].join(' ').trim() };
}

function isKind(text: string): text is 'say' | 'message' | 'error' {
  return text === 'say' || text === 'message' || text === 'error';
}

/** Commas and line ends are written as these (packer/machine_readable.go). */
function unescapeData(text: string): string {
  return text.replaceAll('%!(PACKER_COMMA)', ',').replaceAll('\\r', '\r').replaceAll('\\n', '\n');
}

/** `==> qemu.unit: ` and `    qemu.unit: ` before each line. */
function stripPrefix(text: string): string {
  return text
    .split('\n')
    .map((line) => line.replace(/^(==>|-->|\s{4})\s*qemu\.[A-Za-z0-9_-]+: ?/, ''))
    .join('\n')
    .trimEnd();
}

/** Lines that our own scripts print in the guest; they do not depend on the version or wording of Packer. */
export type Mark =
  | { mark: 'started'; what: string }
  | { mark: 'finished'; what: string }
  | { mark: 'failed'; what: string; exitCode: number };

/** `@unitsmith started|finished NAME`, `@unitsmith failed NAME CODE`. */
export function parseMark(text: string): Mark | undefined {
  const match = /^@unitsmith (started|finished|failed) (\S+)(?: (\d+))?$/.exec(text.trim());
  if (match === null) return undefined;
  const what = match[2] ?? '';
  if (match[1] === 'failed') return { mark: 'failed', what, exitCode: Number(match[3] ?? 1) };
  return { mark: match[1] === 'started' ? 'started' : 'finished', what };
}
