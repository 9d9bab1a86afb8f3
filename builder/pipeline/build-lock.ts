/** One build at a time on a cache folder: a lock file that names its owner, and is taken over when the owner is gone. */
import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Cleanup } from '../kit/cleanup.ts';
import { ExitCode, UserError } from '../kit/errors.ts';

interface Owner {
  pid: number;
  /** Start time of the process in clock ticks since boot (proc(5), field 22): tells a reused pid from the owner. */
  started: string;
  since: string;
}

const ATTEMPTS = 3;

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
    if (attempt >= ATTEMPTS || (owner !== undefined && (await isAlive(owner)))) throw busy(cacheDir, owner);
    await takeAway(path);
  }
  cleanup.add('build lock', () => rm(path, { force: true }));
}

/** By link(2) of a file that is written already: nobody ever reads a lock without its owner. */
async function create(path: string, owner: Owner): Promise<boolean> {
  const written = besides(path);
  try {
    await writeFile(written, JSON.stringify(owner), { flag: 'wx' });
    await link(written, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(written, { force: true });
  }
}

/**
 * Removes the lock of an owner that is gone. Two builds may do so at once, and one of them may have taken the lock
 * already when the other comes to it: so it is moved aside first, and put back where its owner lives.
 */
async function takeAway(path: string): Promise<void> {
  const aside = besides(path);
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const owner = await readOwner(aside);
  if (owner !== undefined && (await isAlive(owner))) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

function besides(path: string): string {
  return `${path}.${process.pid}-${randomBytes(4).toString('hex')}`;
}

async function isAlive(owner: Owner): Promise<boolean> {
  return (await startTime(owner.pid)) === owner.started;
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
