/** Files that appear whole or not at all, and stay after a power cut (open(2), fsync(2), rename(2)). */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { bootId } from './boot-id.ts';

export interface WriteOptions {
  /** Permission bits; 0644 by default, whatever the umask. */
  mode?: number;
  uid?: number;
  gid?: number;
}

/** Writes a file by fsync and rename, then syncs its folder, which is made where it is missing. */
export async function writeFileAtomic(path: string, data: string | Uint8Array, options: WriteOptions = {}): Promise<void> {
  const folder = dirname(path);
  await makeFolder(folder);
  const boot = (await bootId()).slice(0, 8);
  const partial = join(folder, `.${basename(path)}.${boot}.${process.pid}.${randomBytes(4).toString('hex')}.partial`);
  try {
    // Created unreadable for others: the mode is opened up only when owner and content are right.
    const handle = await open(partial, 'wx', 0o600);
    try {
      await handle.writeFile(data);
      if (options.uid !== undefined || options.gid !== undefined) await handle.chown(options.uid ?? -1, options.gid ?? -1);
      await handle.chmod(options.mode ?? 0o644);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  await removeAbandoned(path, boot);
  await syncFolder(folder);
}

/** What a process that was killed, or a machine without power, had of this file: it may be a secret. */
async function removeAbandoned(path: string, boot: string): Promise<void> {
  const folder = dirname(path);
  const start = `.${basename(path)}.`;
  for (const name of await readdir(folder)) {
    if (!name.startsWith(start)) continue;
    const [, ofBoot, pid] = /^([0-9a-f]{8})\.(\d+)\.[0-9a-f]{8}\.partial$/.exec(name.slice(start.length)) ?? [];
    if (pid !== undefined && (ofBoot !== boot || !isAlive(Number(pid)))) await rm(join(folder, name), { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Makes a folder with its parents (mode 0755) and syncs the folder that holds the topmost new one. */
export async function makeFolder(path: string, mode = 0o755): Promise<void> {
  const made = await mkdir(path, { recursive: true, mode });
  if (made !== undefined) await syncFolder(dirname(made));
}

/** A folder's entries are on disk after this. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Removes a file and syncs its folder; a file that is not there is fine. */
export async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true });
  await syncFolder(dirname(path)).catch(ignoreMissing);
}

/** The file's text, or undefined where there is no such file. Every other failure is thrown. */
export async function readIfExists(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(ignoreMissing);
}

/** Opens a folder without following a symbolic link at its end; undefined where there is nothing. */
export async function openFolder(path: string): Promise<FileHandle | undefined> {
  return open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW).catch(ignoreMissing);
}

export function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined;
  throw error;
}
