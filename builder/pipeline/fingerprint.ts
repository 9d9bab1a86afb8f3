/**
 * A record of a stage's output that finds damage cheaply: names, sizes, times, and a hash of each file's content (of
 * samples where it is large: of all of a disk it would take as long as some stages do). A file whose size and time are as
 * recorded is taken as it is; any other is hashed again. Damage between the samples of a large file is not found.
 */
import { createHash } from 'node:crypto';
import { lstat, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import Type, { type Static } from 'typebox';

const SAMPLE = 1 << 20;
const SAMPLES = 16;

export const FileRecord = Type.Object({ path: Type.String(), size: Type.Number(), mtime: Type.Number(), hash: Type.String() });
export type FileRecord = Static<typeof FileRecord>;

/** Records every regular file below `folder`, names sorted. */
export async function recordFolder(folder: string): Promise<FileRecord[]> {
  const records: FileRecord[] = [];
  for (const path of await filesBelow(folder)) {
    const { size, mtimeMs } = await lstat(join(folder, path));
    records.push({ path, size, mtime: mtimeMs, hash: await sampleHash(join(folder, path), size) });
  }
  return records;
}

/** The first file that is missing, or whose hash is not as recorded; undefined where all is well. `thorough` hashes again whatever the times say. */
export async function findDamage(folder: string, records: readonly FileRecord[], thorough = false): Promise<string | undefined> {
  for (const record of records) {
    const path = join(folder, record.path);
    const info = await lstat(path).catch(() => undefined);
    if (info === undefined || info.size !== record.size) return record.path;
    if ((thorough || info.mtimeMs !== record.mtime) && (await sampleHash(path, info.size)) !== record.hash) return record.path;
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

async function sampleHash(path: string, size: number): Promise<string> {
  const hash = createHash('sha256').update(String(size));
  const handle = await open(path);
  try {
    const buffer = Buffer.alloc(SAMPLE);
    const whole = size <= SAMPLE * SAMPLES;
    const step = whole ? SAMPLE : Math.floor((size - SAMPLE) / (SAMPLES - 1));
    for (let offset = 0; offset < size; offset += step) {
      const { bytesRead } = await handle.read(buffer, 0, SAMPLE, offset);
      hash.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await handle.close();
  }
  return hash.digest('hex');
}
