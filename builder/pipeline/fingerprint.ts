/**
 * A record of a stage's output that finds damage cheaply: names, sizes, times, and a hash of each file's content. A file
 * whose size and time are as recorded is taken as it is; any other is hashed again, whole.
 */
import { createHash } from 'node:crypto';
import { lstat, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import Type, { type Static } from 'typebox';

import type { Context } from '../kit/context.ts';
import { mapExtents } from '../tools/disk-map.ts';

const CHUNK = 1 << 20;
const ZEROES = Buffer.alloc(CHUNK);
/** What stands in the hash for a chunk of zeroes. */
const HOLE = Buffer.of(0);

export const FileRecord = Type.Object({ path: Type.String(), size: Type.Number(), mtime: Type.Number(), hash: Type.String() });
export type FileRecord = Static<typeof FileRecord>;

/** Records every regular file below `folder`, names sorted. */
export async function recordFolder(ctx: Context, folder: string): Promise<FileRecord[]> {
  const records: FileRecord[] = [];
  for (const path of await filesBelow(folder)) {
    const { size, mtimeMs } = await lstat(join(folder, path));
    records.push({ path, size, mtime: mtimeMs, hash: await contentHash(ctx, join(folder, path)) });
  }
  return records;
}

/** The first file that is missing, or whose hash is not as recorded; undefined where all is well. `thorough` hashes again whatever the times say. */
export async function findDamage(
  ctx: Context,
  folder: string,
  records: readonly FileRecord[],
  thorough = false,
): Promise<string | undefined> {
  for (const record of records) {
    const path = join(folder, record.path);
    const info = await lstat(path).catch(() => undefined);
    if (info === undefined || info.size !== record.size) return record.path;
    if ((thorough || info.mtimeMs !== record.mtime) && (await contentHash(ctx, path)) !== record.hash) return record.path;
  }
  return undefined;
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
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
