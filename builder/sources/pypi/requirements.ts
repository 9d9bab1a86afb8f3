/** Requirements files (pip's format over PEP 508), as far as an image may use them: every version pinned. */
import { readFile } from 'node:fs/promises';

import { ExitCode, type Problem, UserError } from '../../kit/errors.ts';

export interface Requirement {
  /** Normalised (PEP 503). */
  name: string;
  version: string;
  /** As pip takes it: name, extras, version and marker; no hashes. */
  text: string;
  /** SHA-256 of files that may stand for it; none means any. */
  hashes: string[];
}

/** PEP 503: runs of `-`, `_` and `.` are one hyphen, letters are small. */
export function normaliseName(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-');
}

/** @throws UserError(definition) with every line that is not a pinned requirement. */
export async function readRequirements(file: string): Promise<Requirement[]> {
  const requirements: Requirement[] = [];
  const problems: Problem[] = [];
  for (const { text, line } of logicalLines(await readFile(file, 'utf8'))) {
    const parsed = parseRequirement(text);
    if ('problem' in parsed) problems.push({ message: parsed.problem, where: { file, line }, suggestion: parsed.suggestion });
    else requirements.push(parsed);
  }
  if (problems.length > 0) {
    throw new UserError('The requirements are not all pinned', {
      exitCode: ExitCode.definition,
      problems,
      remedies: ['`pip freeze` in a virtual environment that works writes every version'],
    });
  }
  return requirements;
}

/** Lines without comments, with `\` continuations joined; `line` is where each begins. */
function logicalLines(text: string): { text: string; line: number }[] {
  const result: { text: string; line: number }[] = [];
  let open: { text: string; line: number } | undefined;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const part = raw.replace(/(^|\s)#.*$/, '').trimEnd();
    const continues = part.endsWith('\\');
    const piece = continues ? part.slice(0, -1) : part;
    open = open === undefined ? { text: piece, line: index + 1 } : { text: `${open.text} ${piece}`, line: open.line };
    if (continues) continue;
    if (open.text.trim() !== '') result.push({ text: open.text.trim(), line: open.line });
    open = undefined;
  }
  return open === undefined || open.text.trim() === '' ? result : [...result, { text: open.text.trim(), line: open.line }];
}

/** Exported for its test. */
export function parseRequirement(text: string): Requirement | { problem: string; suggestion: string } {
  if (text.startsWith('-')) {
    return {
      problem: `options do not belong here: ${text.split(/[\s=]/)[0]}`,
      suggestion: "Indexes are the build machine's own affair; write the other file's lines into this one.",
    };
  }
  const other = [...text.matchAll(/--hash[= ](\S+)/g)].find(([, hash = '']) => !/^sha256:[0-9a-f]{64}$/.test(hash))?.[1];
  if (other !== undefined) {
    return { problem: `${other} is no SHA-256`, suggestion: 'Write --hash=sha256: with 64 hexadecimal digits, in small letters.' };
  }
  const hashes = [...text.matchAll(/--hash[= ]sha256:([0-9a-f]{64})/g)].map((match) => match[1] ?? '');
  const spec = text.replace(/\s--hash[= ]\S+/g, '').trim();
  const [, name, extras = '', version, marker = ''] =
    /^([A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^\]]*\])?\s*={2,3}\s*([^\s;*,]+)\s*(;.*)?$/.exec(spec) ?? [];
  if (name === undefined || version === undefined) {
    const bare = /^[A-Za-z0-9][A-Za-z0-9._-]*/.exec(spec)?.[0] ?? 'NAME';
    return { problem: `${spec} has no exact version`, suggestion: `Write ${bare}==VERSION.` };
  }
  return { name: normaliseName(name), version, hashes, text: `${name}${extras}==${version}${marker === '' ? '' : ` ${marker}`}` };
}
