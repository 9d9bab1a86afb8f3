/** One build at a time on a cache folder: a lock file that names its owner, and is taken over when the owner is gone. */
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { Cleanup } from '../kit/cleanup.ts';
import { ExitCode, UserError } from '../kit/errors.ts';

interface Owner {
  pid: number;
  /** Start time of the process in clock ticks since boot (proc(5), field 22): tells a reused pid from the owner. */
  started: string;
  since: string;
}

/**
 * Takes the lock of `cacheDir` until `cleanup` runs.
 * @throws UserError(busy) where another live process holds it.
 */
export async function takeBuildLock(cacheDir: string, cleanup: Cleanup): Promise<void> {
  await mkdir(cacheDir, { recursive: true });
  const path = join(cacheDir, 'lock');
  const own: Owner = { pid: process.pid, started: (await startTime(process.pid)) ?? '', since: new Date().toISOString() };
  for (let attempt = 0; ; attempt += 1) {
    if (await create(path, own)) break;
    const owner = await readOwner(path);
    if (attempt >= 3 || (owner !== undefined && (await startTime(owner.pid)) === owner.started)) throw busy(cacheDir, owner);
    await rm(path, { force: true });
  }
  cleanup.add('build lock', () => rm(path, { force: true }));
}

async function create(path: string, owner: Owner): Promise<boolean> {
  try {
    const handle = await open(path, 'wx');
    await handle.writeFile(JSON.stringify(owner));
    await handle.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function readOwner(path: string): Promise<Owner | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Owner;
  } catch {
    return undefined;
  }
}

async function startTime(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

function busy(cacheDir: string, owner: Owner | undefined): UserError {
  return new UserError(`Another build is using the cache ${cacheDir}`, {
    exitCode: ExitCode.busy,
    ...(owner === undefined ? {} : { why: `process ${owner.pid} has held it since ${owner.since}` }),
    remedies: ['wait until it has finished', 'or build with a cache of your own: --cache-dir FOLDER'],
  });
}
