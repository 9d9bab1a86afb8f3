/** SHA256SUMS, as sha256sum(1) checks it: one for all files of a folder, whichever run wrote them. */
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { readIfExists, writeFileAtomic } from '../kit/files.ts';
import { sha256 } from '../kit/hash.ts';
import type { WrittenFile } from './format.ts';

export const SUMS = 'SHA256SUMS';

/** A line of sha256sum(1): hash, then a space and a space or asterisk, then the name. */
const LINE = /^([0-9a-f]{64}) [ *](.+)$/;

/** Name to SHA-256, as `out` lists them; empty where it has no sums. Lines of another form are left out. */
export async function readSums(out: string): Promise<Map<string, string>> {
  const sums = new Map<string, string>();
  for (const line of ((await readIfExists(join(out, SUMS))) ?? '').split('\n')) {
    const [, hash, name] = LINE.exec(line) ?? [];
    if (hash !== undefined && name !== undefined) sums.set(name, hash);
  }
  return sums;
}

/**
 * Takes `names` (relative to `out`) off the list, before their files are replaced or removed: a run that is cut off then
 * leaves a list that lacks files, never one that does not fit.
 */
export async function forgetSums(out: string, names: readonly string[]): Promise<void> {
  const sums = await readSums(out);
  const before = sums.size;
  for (const name of names) sums.delete(name);
  if (sums.size < before) await store(out, sums);
}

/** Lists `files` beside what is listed already and still there, sorted by name. */
export async function writeSums(out: string, files: readonly WrittenFile[]): Promise<WrittenFile> {
  const sums = await readSums(out);
  for (const name of sums.keys()) {
    if ((await stat(join(out, name)).catch(() => undefined)) === undefined) sums.delete(name);
  }
  for (const file of files) sums.set(file.path.slice(out.length + 1), file.sha256);
  return await store(out, sums);
}

async function store(out: string, sums: ReadonlyMap<string, string>): Promise<WrittenFile> {
  const path = join(out, SUMS);
  const text = [...sums]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, hash]) => `${hash}  ${name}\n`)
    .join('');
  // sha256sum --check takes an empty list for a damaged one.
  if (text === '') await rm(path, { force: true });
  else await writeFileAtomic(path, text);
  return { path, bytes: Buffer.byteLength(text), sha256: sha256(text) };
}
