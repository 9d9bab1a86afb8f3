/**
 * One process at a time on a folder. Whoever wants it puts an empty file there whose name bears its owner's mark (owner.ts),
 * then looks for those of others that live, and writes into his own where there is none. Of two that come at once at least one
 * sees the other and steps back, and nobody ever removes the file of a process that lives, or that may live in another container
 * or on another machine: so there are never two holders, also where a dead one's lock is taken over.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import type { Cleanup } from './cleanup.ts';
import { commandLine } from './command.ts';
import { ExitCode, UserError } from './errors.ts';
import { type Owner, ownerMark, ownerOf } from './owner.ts';

export interface LockRequest {
  folder: string;
  /** What the lock's file name begins with. */
  prefix: string;
  /** Seconds to wait for another holder; none by default. */
  patience?: number;
  /** Ends the wait. */
  signal?: AbortSignal;
  /** Told once where it has to wait. */
  waiting?(): void;
  /** What is said where another holds it. */
  busy: { message: string; remedy: string };
}

interface Holder extends Owner {
  path: string;
  since: Date;
  /** False where it is still looking for others. */
  holds: boolean;
}

/** Two that came at once may both step back, and come again at other times. */
const STEP_BACK_MS = 40;
const ATTEMPTS = 50;

/**
 * Takes the lock until `cleanup` runs.
 * @throws UserError(busy) where another live process holds it
 */
export async function takeLock({ folder, prefix, patience = 0, signal, waiting, busy }: LockRequest, cleanup: Cleanup): Promise<void> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${prefix}${await ownerMark()}${randomBytes(4).toString('hex')}`);
  cleanup.add(`lock of ${folder}`, () => rm(path, { force: true }));
  const until = Date.now() + patience * 1000;
  let told = false;
  for (let attempt = 1; ; attempt += 1) {
    await writeFile(path, '', { flag: 'wx' });
    const other = await findOther(folder, prefix, path);
    if (other === undefined) {
      await writeFile(path, 'held\n');
      return;
    }
    await rm(path, { force: true });
    if (Date.now() >= until && (attempt >= ATTEMPTS || other.holds)) throw refusal(busy, other);
    if (other.holds && !told) waiting?.();
    told ||= other.holds;
    await setTimeout(Math.random() * STEP_BACK_MS);
    signal?.throwIfAborted();
  }
}

/** The owner of another lock that lives, for all that is known here; locks of those that are gone are removed. */
async function findOther(folder: string, prefix: string, own: string): Promise<Holder | undefined> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const owner = path === own ? undefined : await ownerOf(name, prefix);
    if (owner === undefined) continue;
    const info = await stat(path).catch(() => undefined);
    if (info === undefined) continue;
    if (owner.state !== 'gone') return { ...owner, path, since: info.mtime, holds: info.size > 0 };
    await rm(path, { force: true });
  }
  return undefined;
}

function refusal({ message, remedy }: LockRequest['busy'], { pid, state, since, path }: Holder): UserError {
  const where = state === 'elsewhere' ? ' of another container or machine' : '';
  const stale = state === 'elsewhere' ? [`where you know that it has ended: ${commandLine('rm', [path])}`] : [];
  return new UserError(message, {
    exitCode: ExitCode.busy,
    why: `process ${pid}${where} has held it since ${since.toISOString()}`,
    remedies: ['wait until it has finished', remedy, ...stale],
  });
}
