/**
 * A record of a stage's output that finds damage cheaply: names, kinds and permissions, sizes, times, and a hash of each file's
 * content or link's target. A file whose size and time are as recorded is taken as it is; any other is hashed again, whole.
 */
import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { lstat, open, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import Type, { type Static } from 'typebox';

import type { Context } from '../kit/context.ts';
import { sha256 } from '../kit/hash.ts';
import { mapExtents } from '../tools/disk-map.ts';

const CHUNK = 1 << 20;
const ZEROES = Buffer.alloc(CHUNK);
/** What stands in the hash for a chunk of zeroes. */
const HOLE = Buffer.of(0);

export const FileRecord = Type.Object({
  path: Type.String(),
  /** Kind and permissions, as stat(2) has them; records of earlier versions have files only, without it. */
  mode: Type.Optional(Type.Number()),
  size: Type.Number(),
  mtime: Type.Number(),
  /** Empty for a folder. */
  hash: Type.String(),
});
export type FileRecord = Static<typeof FileRecord>;

/** Records every file, link and folder below `folder`, names sorted. */
export async function recordFolder(ctx: Context, folder: string): Promise<FileRecord[]> {
  const records: FileRecord[] = [];
  for (const path of await entriesBelow(folder)) {
    const info = await lstat(join(folder, path));
    const { mode, size, mtimeMs } = info;
    records.push({ path, mode, size, mtime: mtimeMs, hash: await hashOf(ctx, join(folder, path), info) });
  }
  return records;
}

/** The first entry that is missing, of another kind or mode, or whose hash is not as recorded; undefined where all is well. `thorough` hashes again whatever the times say. */
export async function findDamage(
  ctx: Context,
  folder: string,
  records: readonly FileRecord[],
  thorough = false,
): Promise<string | undefined> {
  for (const record of records) {
    const path = join(folder, record.path);
    const info = await lstat(path).catch(() => undefined);
    if (info === undefined || (record.mode !== undefined && info.mode !== record.mode)) return record.path;
    // A folder's size and time tell nothing of what is in it.
    if (info.isDirectory()) continue;
    if (info.size !== record.size) return record.path;
    if ((thorough || info.mtimeMs !== record.mtime) && (await hashOf(ctx, path, info)) !== record.hash) return record.path;
  }
  return undefined;
}

async function entriesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile() || entry.isSymbolicLink() || entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

async function hashOf(ctx: Context, path: string, info: Stats): Promise<string> {
  if (info.isDirectory()) return '';
  if (info.isSymbolicLink()) return sha256(await readlink(path));
  return await contentHash(ctx, path);
}

/** Each chunk behind a byte that tells whether it is all zeroes; then it is not hashed itself. */
async function contentHash(ctx: Context, path: string): Promise<string> {
  const hash = createHash('sha256');
  const handle = await open(path);
  try {
    const isHole = await holesOf(ctx, path, await handle.stat());
    const buffer = Buffer.allocUnsafe(1 + CHUNK);
    for (let at = 0; ; at += CHUNK) {
      if (isHole(at)) {
        hash.update(HOLE);
        continue;
      }
      const { bytesRead } = await handle.read(buffer, 1, CHUNK, at);
      if (bytesRead === 0) break;
      const zero = bytesRead === CHUNK && ZEROES.equals(buffer.subarray(1));
      buffer[0] = zero ? 0 : 1;
      hash.update(buffer.subarray(0, zero ? 1 : 1 + bytesRead));
    }
  } finally {
    await handle.close();
  }
  return hash.digest('hex');
}

/**
 * Tells whether a whole chunk of a file is a hole. Most of a disk is holes, and file systems take long to read them: 16 GiB as
 * long as all else that is done to make such a disk.
 */
async function holesOf(ctx: Context, path: string, { size, blocks }: { size: number; blocks: number }): Promise<(at: number) => boolean> {
  if (size < CHUNK || blocks * 512 >= size) return () => false;
  const withData = new Set<number>();
  for (const { start, length } of (await mapExtents(ctx, { path, format: 'raw' })) ?? []) {
    for (let chunk = Math.floor(start / CHUNK); chunk * CHUNK < start + length; chunk += 1) withData.add(chunk);
  }
  return (at) => at + CHUNK <= size && !withData.has(at / CHUNK);
}
