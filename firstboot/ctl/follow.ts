/**
 * A follower's life: it waits for files of its leader, makes them so by an ordinary run, and goes back to those before where a
 * service does not come up with them. Cut off from its leader it keeps what it has.
 */
import { setTimeout } from 'node:timers/promises';

import { parseJournal } from '../apply/journal.ts';
import { openSettings } from '../apply/open-settings.ts';
import { bundleHash, checkBundle, hasPrevious, keepBundle, previousBundle, takeBundle } from '../cluster/follower/bundle.ts';
import { readFollowed, updateFollowed } from '../cluster/follower/followed.ts';
import { fetchFiles, type Leader, type NewFiles, readLeader, sendReport } from '../cluster/follower/leader.ts';
import { uniqueOf } from '../cluster/unique.ts';
import { LONGEST_WAIT, type Report } from '../contract/cluster.ts';
import { UNIT_PATHS } from '../contract/unit.ts';
import { ExitCode, Interrupted, ProgramError, UnitError } from '../kit/errors.ts';
import { readIfExists } from '../kit/files.ts';
import { LOCK, lock } from '../kit/lock.ts';
import { printable } from '../kit/printable.ts';
import type { System } from '../kit/system.ts';
import { applyPrepared } from './apply.ts';
import type { Session } from './cli.ts';
import { prepare } from './prepared.ts';
import { readState } from './state.ts';
import { readUnit } from './unit-files.ts';

/** Seconds until the leader is asked again that did not answer; what an owner's run may take. */
const RETRY = 10;
const PATIENCE = 1800;
/** Seconds until a unit that does not come up is tried again: twice as long each time, up to an hour. */
const FIRST_PAUSE = 60;
const LONGEST_PAUSE = 3600;

/** What one process remembers from round to round. */
export interface Life {
  /** Attempts to get the unit up again, and when the next one is due, milliseconds since 1970. */
  attempts: number;
  due: number;
  /** Services that were down in the round before. */
  down: string;
}

type Outcome = Pick<Report, 'state' | 'message'>;

export function newLife(): Life {
  return { attempts: 0, due: 0, down: '' };
}

/** Until the process is told to end. */
export async function follow(session: Session): Promise<ExitCode> {
  const { system } = session;
  const life = newLife();
  for (let wait = 0; ; ) {
    try {
      await followOnce(session, life, wait);
      wait = LONGEST_WAIT;
    } catch (error) {
      if (!isFailure(error)) throw error;
      session.print(messageOf(system, error));
      wait = 0;
      await setTimeout(RETRY * 1000, undefined, { signal: system.signal }).catch(() => system.signal.throwIfAborted());
    }
  }
}

/** One round. @param wait seconds for something to come. @throws UnitError where the leader does not answer */
export async function followOnce(session: Session, life: Life, wait: number): Promise<void> {
  const { system } = session;
  const leader = await readLeader(system);
  if (leader === undefined) {
    throw new UnitError('this unit follows nobody', { exitCode: ExitCode.unit, remedies: ['Its join code is the setting cluster.join.'] });
  }
  // A run with new files that was cut off from power is a run whose end nobody has seen.
  if (await hasPrevious(system)) await tryFiles(session);
  await afterOthers(system);
  await tryAgain(session, life);
  await tell(session, leader, life);
  const { rejected, call } = await readFollowed(system);
  const fetched = await fetchFiles(system, leader, { have: rejected ?? (await bundleHash(system)), call, wait });
  // An owner has given another join code meanwhile.
  if ((await readLeader(system))?.invite !== leader.invite) return;
  await updateFollowed(system, { contact: Date.now() });
  if (fetched.files !== undefined) await take(session, leader, fetched.files);
  // Not before it was answered: whoever is cut off in between hears of it again.
  if (fetched.call !== call) await updateFollowed(system, { call: fetched.call });
  if (fetched.files !== undefined) await tell(session, leader, life);
}

async function take(session: Session, leader: Leader, { text, hash, notified }: NewFiles): Promise<void> {
  const { system } = session;
  if (hash === (await bundleHash(system))) {
    // The leader has gone back to what is in use here, where something was turned down.
    await updateFollowed(system, { rejected: undefined, why: undefined });
    if (!notified) return;
    session.print('the leader has called: its files are applied once more');
    await tryFiles(session);
    return;
  }
  try {
    checkBundle(text, (await readUnit(system)).name, leader.role);
  } catch (error) {
    if (!(error instanceof UnitError)) throw error;
    session.print(messageOf(system, error));
    await updateFollowed(system, { rejected: hash, why: messageOf(system, error), run: await lastGoodRun(system) });
    return;
  }
  session.print('the leader has other files: they are applied');
  await tryFiles(session, text);
}

/** Applies what is there, or these files; goes back where they do not come up. */
async function tryFiles(session: Session, text?: string): Promise<void> {
  const { system } = session;
  const held = await lock(system, LOCK, PATIENCE);
  try {
    if (text !== undefined) {
      // In this order: files that are not in use yet may be fetched once more, those that were turned down never by themselves.
      await updateFollowed(system, { rejected: undefined, why: undefined });
      await takeBundle(system, text);
    }
    const { rejected, why = '' } = await readFollowed(system);
    const hash = await bundleHash(system);
    // Where power was cut on the way back, it goes on from there.
    const isGoingBack = hash !== undefined && rejected === hash && (await hasPrevious(system));
    const problem = isGoingBack ? why : await attempt(session);
    if (problem === undefined) {
      await keepBundle(system);
      await updateFollowed(system, { broken: undefined });
    } else if (await hasPrevious(system)) {
      await updateFollowed(system, { rejected: hash, why: problem, broken: problem });
      await previousBundle(system);
      session.print('the files before are put back');
      await updateFollowed(system, { broken: await attempt(session) });
    } else {
      await updateFollowed(system, { broken: problem });
    }
    await updateFollowed(system, { run: await lastGoodRun(system) });
  } finally {
    await held.release();
  }
}

/** @returns what went wrong */
async function attempt(session: Session): Promise<string | undefined> {
  try {
    await applyPrepared(session, await prepare(session.system, undefined));
    return undefined;
  } catch (error) {
    if (!isFailure(error)) throw error;
    const message = messageOf(session.system, error);
    session.print(message);
    return message;
  }
}

/** A good run since, which was not this one's: an owner's, who has mended something. */
async function afterOthers(system: System): Promise<void> {
  const { run, broken, rejected } = await readFollowed(system);
  const last = await lastGoodRun(system);
  if (last === run) return;
  // Where the unit did not come up with the files before, the run has mended that, and says nothing about the new ones.
  if (broken !== undefined) await updateFollowed(system, { broken: undefined, run: last });
  else if (rejected !== undefined) await updateFollowed(system, { rejected: undefined, why: undefined, run: last });
}

/** Gets a unit up again that did not come up with the files that it has, less and less often. */
async function tryAgain(session: Session, life: Life): Promise<void> {
  if ((await readFollowed(session.system)).broken === undefined) {
    life.attempts = 0;
    life.due = 0;
    return;
  }
  if (Date.now() < life.due) return;
  if (life.due !== 0) await tryFiles(session);
  life.due = Date.now() + Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** life.attempts) * 1000;
  life.attempts += 1;
}

async function lastGoodRun(system: System): Promise<string | undefined> {
  const records = parseJournal((await readIfExists(system.path(UNIT_PATHS.journal))) ?? '');
  return records.findLast((record) => record.type === 'end' && record.outcome === 'finalised')?.time;
}

/** Lets the leader know how this unit is, where that has changed. */
async function tell(session: Session, leader: Leader, life: Life): Promise<void> {
  const { system } = session;
  const hash = await bundleHash(system);
  const outcome = await outcomeNow(system, life);
  const now = outcome && { ...outcome, ...(await uniqueNow(system)) };
  const { report: before, untold } = await readFollowed(system);
  const changed = now !== undefined && hash !== undefined && JSON.stringify(before) !== JSON.stringify({ ...now, hash });
  const report: Report | undefined = changed ? { ...now, hash } : before;
  if (report === undefined || !(changed || untold === true)) return;
  await updateFollowed(system, { report, untold: true });
  await sendReport(system, leader, report);
  await updateFollowed(system, { untold: undefined });
}

async function uniqueNow(system: System): Promise<Pick<Report, 'unique'>> {
  const settings = await openSettings(system);
  const unique = settings && uniqueOf((await readUnit(system)).ownRole?.unique ?? [], settings);
  return unique === undefined ? {} : { unique };
}

/** Undefined while that cannot be said: a run is under way, or services are down for the first time, as while they start. */
async function outcomeNow(system: System, life: Life): Promise<Outcome | undefined> {
  const { rejected, why = '', broken } = await readFollowed(system);
  if (broken !== undefined) return { state: 'failed', message: broken };
  const unit = await readUnit(system);
  const { state, failure, services = [] } = await readState(system, unit);
  if (state === 'applying' || state === 'waiting') return undefined;
  if (state === 'failed' && failure !== undefined) return { state, message: messageOf(system, new Error(failure.reason)) };
  const down = services.filter(({ ready }) => !ready);
  const message = down.map(({ name, active }) => (active === 'active' ? `${name} is not ready` : `${name} is ${active}`)).join(', ');
  const isNew = message !== life.down;
  life.down = message;
  if (message !== '') return isNew ? undefined : { state: 'failed', message };
  return rejected === undefined ? { state: 'ready', message: '' } : { state: 'rolled-back', message: why };
}

function isFailure(error: unknown): error is UnitError | ProgramError {
  return !(error instanceof Interrupted) && (error instanceof UnitError || error instanceof ProgramError);
}

/** As the leader and terminals may have it. */
function messageOf({ scrubber }: System, error: Error): string {
  return printable(scrubber.scrub(error.message)).slice(0, 500);
}
