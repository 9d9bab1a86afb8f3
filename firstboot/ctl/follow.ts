/**
 * A follower's life: it waits for files of its leader, makes them so by an ordinary run, and goes back to those before where a
 * service does not come up with them. Cut off from its leader it keeps what it has.
 */
import { setTimeout } from 'node:timers/promises';

import { bundleHash, checkBundle, keepBundle, previousBundle, takeBundle } from '../cluster/follower/bundle.ts';
import { type Followed, readFollowed, saveFollowed } from '../cluster/follower/followed.ts';
import { fetchFiles, type Leader, readLeader, sendReport } from '../cluster/follower/leader.ts';
import { CLUSTER_PATHS, LONGEST_WAIT, type Report } from '../contract/cluster.ts';
import { ExitCode, Interrupted, ProgramError, UnitError } from '../kit/errors.ts';
import { readIfExists } from '../kit/files.ts';
import { lock } from '../kit/lock.ts';
import type { System } from '../kit/system.ts';
import { applyPrepared, LOCK } from './apply.ts';
import type { Session } from './cli.ts';
import { prepare } from './prepared.ts';
import { readUnit } from './unit-files.ts';

/** Seconds until the leader is asked again that did not answer; what an owner's run may take. */
const RETRY = 10;
const PATIENCE = 1800;

/** Until the process is told to end. */
export async function follow(session: Session): Promise<ExitCode> {
  const { system } = session;
  for (let wait = 0; ; ) {
    try {
      await followOnce(session, wait);
      wait = LONGEST_WAIT;
    } catch (error) {
      if (error instanceof Interrupted) throw error;
      if (!(error instanceof UnitError || error instanceof ProgramError)) throw error;
      session.print(system.scrubber.scrub(error.message));
      wait = 0;
      await setTimeout(RETRY * 1000, undefined, { signal: system.signal }).catch(() => system.signal.throwIfAborted());
    }
  }
}

/** @param wait seconds for something to come. @throws UnitError where the leader does not answer */
async function followOnce(session: Session, wait: number): Promise<void> {
  const { system } = session;
  const leader = await readLeader(system);
  if (leader === undefined) {
    throw new UnitError('this unit follows nobody', { exitCode: ExitCode.unit, remedies: ['Its join code is the setting cluster.join.'] });
  }
  const before = await readFollowed(system);
  if (before.untold === true && before.report !== undefined) await send(system, leader, before.report);
  // A run with new files that was cut off from power is a run whose end nobody has seen.
  if ((await readIfExists(system.path(CLUSTER_PATHS.previous))) !== undefined) await tell(session, leader, await tryFiles(session));
  const files = await fetchFiles(system, leader, before.rejected ?? (await bundleHash(system)), wait);
  await saveFollowed(system, { ...(await readFollowed(system)), contact: Date.now() });
  if (files === undefined) {
    if (before.report === undefined) await tell(session, leader, { state: 'ready', message: '' });
    return;
  }
  const known = files.hash === (await bundleHash(system));
  const unit = await readUnit(system);
  checkBundle(files.text, unit.name, leader.role);
  if (known && !files.notified) {
    // The leader has gone back to what is in use here.
    await saveFollowed(system, { ...withoutRejected(await readFollowed(system)), contact: Date.now() });
    await tell(session, leader, { state: 'ready', message: '' });
    return;
  }
  session.print(`the leader has ${known ? 'called' : 'other files'}: they are applied`);
  if (!known) await takeBundle(system, files.text);
  await tell(session, leader, await tryFiles(session, files.hash));
}

/** Applies what is there; goes back where it does not come up. */
async function tryFiles(session: Session, hash?: string): Promise<Pick<Report, 'state' | 'message'>> {
  const { system } = session;
  const held = await lock(system, LOCK, PATIENCE);
  try {
    try {
      await applyPrepared(session, await prepare(system, undefined));
      await keepBundle(system);
      await saveFollowed(system, withoutRejected(await readFollowed(system)));
      return { state: 'ready', message: '' };
    } catch (error) {
      if (!(error instanceof UnitError)) throw error;
      const message = system.scrubber.scrub(error.message);
      session.print(message);
      const rejected = hash ?? (await bundleHash(system));
      if (!(await previousBundle(system))) return { state: 'failed', message };
      await saveFollowed(system, { ...(await readFollowed(system)), ...(rejected === undefined ? {} : { rejected }) });
      session.print('the files before are put back');
      await applyPrepared(session, await prepare(system, undefined));
      return { state: 'rolled-back', message };
    }
  } finally {
    await held.release();
  }
}

async function tell(session: Session, leader: Leader, outcome: Pick<Report, 'state' | 'message'>): Promise<void> {
  const { system } = session;
  const hash = await bundleHash(system);
  if (hash === undefined) return;
  const report: Report = { ...outcome, hash };
  await saveFollowed(system, { ...(await readFollowed(system)), report, untold: true });
  await send(system, leader, report);
}

async function send(system: System, leader: Leader, report: Report): Promise<void> {
  await sendReport(system, leader, report);
  const { untold: _, ...followed } = await readFollowed(system);
  await saveFollowed(system, followed);
}

function withoutRejected({ rejected: _, ...rest }: Followed): Followed {
  return rest;
}
