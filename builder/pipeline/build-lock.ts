/**
 * One build at a time on a cache folder. Whoever wants it puts an empty file `lock.<pid>-<start>-<random>` there, then
 * looks for those of others that live, and writes into his own where there is none. Of two that come at once at least one
 * sees the other and steps back, and nobody ever removes the file of a process that lives: so there are never two holders,
 * also where a dead one's lock is taken over.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import type { Cleanup } from '../kit/cleanup.ts';
import { ExitCode, UserError } from '../kit/errors.ts';

interface Owner {
  pid: number;
  since: Date;
  /** False where it is still looking for others. */
  holds: boolean;
}

/** Two that came at once may both step back, and come again at other times. */
const STEP_BACK_MS = 40;
const ATTEMPTS = 50;

/**
 * Takes the lock of `cacheDir` until `cleanup` runs.
 * @throws UserError(busy) where another live process holds it.
 */
export async function takeBuildLock(cacheDir: string, cleanup: Cleanup): Promise<void> {
  await mkdir(cacheDir, { recursive: true });
  const path = join(cacheDir, `lock.${process.pid}-${await startTime(process.pid)}-${randomBytes(4).toString('hex')}`);
  cleanup.add('build lock', () => rm(path, { force: true }));
  for (let attempt = 1; ; attempt += 1) {
    await writeFile(path, '', { flag: 'wx' });
    const other = await findOther(cacheDir, path);
    if (other === undefined) {
      await writeFile(path, 'held\n');
      return;
    }
    await rm(path, { force: true });
    if (attempt === ATTEMPTS || other.holds) throw busy(cacheDir, other);
    await setTimeout(Math.random() * STEP_BACK_MS);
  }
}

/** The owner of another lock that lives; locks of those that are gone are removed. */
async function findOther(cacheDir: string, own: string): Promise<Owner | undefined> {
  for (const name of await readdir(cacheDir)) {
    const [, pid, started] = /^lock\.(\d+)-(\d*)-/.exec(name) ?? [];
    const path = join(cacheDir, name);
    if (pid === undefined || path === own) continue;
    const info = await stat(path).catch(() => undefined);
    if (info === undefined) continue;
    if ((await startTime(Number(pid))) === started) return { pid: Number(pid), since: info.mtime, holds: info.size > 0 };
    await rm(path, { force: true });
  }
  return undefined;
}

/** Start of a process in clock ticks since boot (proc(5), field 22): tells a reused pid from the owner. */
async function startTime(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

function busy(cacheDir: string, owner: Owner): UserError {
  return new UserError(`Another build is using the cache ${cacheDir}`, {
    exitCode: ExitCode.busy,
    why: `process ${owner.pid} has held it since ${owner.since.toISOString()}`,
    remedies: ['wait until it has finished', 'or build with a cache of your own: --cache-dir FOLDER'],
  });
}
