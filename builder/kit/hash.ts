/** Content hashes: files, trees and plain data, always SHA-256 in lower-case hexadecimal. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** Data that hashes the same whatever the order of its keys. `undefined` members count as absent. */
export type Hashable = string | number | boolean | null | undefined | readonly Hashable[] | { readonly [key: string]: Hashable };

export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** A larger file is never in memory as a whole. */
const WHOLE = 1 << 20;

export async function sha256File(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}

/** Canonical JSON: keys sorted, so that equal data gives equal text. */
export function canonicalJson(data: Hashable): string {
  return JSON.stringify(data, (_key, value: unknown) =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}

export function hashData(data: Hashable): string {
  return sha256(canonicalJson(data));
}

/**
 * Hash of a folder: names, kinds, executable bits, link targets and contents, in the order of names. Times and owners
 * do not count, so a fresh clone hashes like the tree it was made from. A missing folder hashes like an empty one.
 * @param leftOut names at its top that do not count
 */
export async function hashTree(root: string, leftOut: readonly string[] = []): Promise<string> {
  const entries: Hashable[] = [];
  await collect(root, '', entries, leftOut);
  return hashData(entries);
}

async function collect(root: string, relative: string, entries: Hashable[], leftOut: readonly string[] = []): Promise<void> {
  const names = await readdir(join(root, relative)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' && relative === '') return [];
    throw error;
  });
  for (const name of names.filter((each) => !leftOut.includes(each)).sort()) {
    const path = join(relative, name);
    const info = await lstat(join(root, path));
    if (info.isDirectory()) {
      entries.push([path, 'directory']);
      await collect(root, path, entries);
    } else if (info.isSymbolicLink()) {
      entries.push([path, 'link', await readlink(join(root, path))]);
    } else {
      const content = info.size <= WHOLE ? sha256(await readFile(join(root, path))) : await sha256File(join(root, path));
      entries.push([path, (info.mode & 0o111) === 0 ? 'file' : 'executable', content]);
    }
  }
}
