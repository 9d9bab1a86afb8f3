/** Files that appear whole or not at all. */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import type { Cleanup } from './cleanup.ts';

/** A name beside `path` that no other process uses; rename onto `path` is atomic from there. */
export function temporaryBeside(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.partial`);
}

/** Writes a file by fsync and rename: readers see the old content or the new, never a part. */
export async function writeFileAtomic(path: string, data: string | Uint8Array, mode = 0o644): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const partial = temporaryBeside(path);
  try {
    const handle = await open(partial, 'wx', mode);
    try {
      await handle.writeFile(data);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

/** A new empty folder under `parent` that `cleanup` removes. */
export async function temporaryFolder(parent: string, prefix: string, cleanup: Cleanup): Promise<string> {
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(join(parent, prefix));
  cleanup.add(`temporary folder ${folder}`, () => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The file's text, or undefined where there is no such file. Every other failure is thrown. */
export async function readIfExists(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Bytes that a file or folder takes on disk: allocated blocks, so that holes of sparse disks do not count. What has several
 * names counts by its part, so that sums over all of them are right.
 */
export async function bytesOnDisk(path: string): Promise<number> {
  const info = await stat(path);
  if (!info.isDirectory()) return (info.blocks * 512) / info.nlink;
  let bytes = 0;
  for (const entry of await readdir(path, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) bytes += await bytesOnDisk(join(entry.parentPath, entry.name));
  }
  return bytes;
}
