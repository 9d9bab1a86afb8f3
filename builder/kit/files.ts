/** Files that appear whole or not at all. */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, open, readFile, rename, rm } from 'node:fs/promises';
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
