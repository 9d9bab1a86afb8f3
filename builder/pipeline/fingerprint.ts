/**
 * A record of a stage's output that finds damage cheaply: names, sizes, times, and a hash of each file's content. A file
 * whose size and time are as recorded is taken as it is; any other is hashed again, whole.
 */
import { createHash } from 'node:crypto';
import { lstat, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import Type, { type Static } from 'typebox';

const CHUNK = 1 << 20;
/** Most of a disk is holes, which are read fast: hashing them would take longer than all the rest. */
const ZEROES = Buffer.alloc(CHUNK);

export const FileRecord = Type.Object({ path: Type.String(), size: Type.Number(), mtime: Type.Number(), hash: Type.String() });
export type FileRecord = Static<typeof FileRecord>;

/** Records every regular file below `folder`, names sorted. */
export async function recordFolder(folder: string): Promise<FileRecord[]> {
  const records: FileRecord[] = [];
  for (const path of await filesBelow(folder)) {
    const { size, mtimeMs } = await lstat(join(folder, path));
    records.push({ path, size, mtime: mtimeMs, hash: await contentHash(join(folder, path)) });
  }
  return records;
}

/** The first file that is missing, or whose hash is not as recorded; undefined where all is well. `thorough` hashes again whatever the times say. */
export async function findDamage(folder: string, records: readonly FileRecord[], thorough = false): Promise<string | undefined> {
  for (const record of records) {
    const path = join(folder, record.path);
    const info = await lstat(path).catch(() => undefined);
    if (info === undefined || info.size !== record.size) return record.path;
    if ((thorough || info.mtimeMs !== record.mtime) && (await contentHash(path)) !== record.hash) return record.path;
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
async function contentHash(path: string): Promise<string> {
  const hash = createHash('sha256');
  const handle = await open(path);
  try {
    const buffer = Buffer.allocUnsafe(1 + CHUNK);
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 1, CHUNK);
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
