/** How far this unit is, from what is on disk, who holds it, and what systemd says. */
import { type LastRun, lastRun, parseJournal } from '../apply/journal.ts';
import { type ServiceStatus, serviceStatuses } from '../apply/service-status.ts';
import { isStarting } from '../apply/systemd.ts';
import type { UnitState } from '../contract/events.ts';
import { SETUP_UNITS } from '../contract/setup.ts';
import { UNIT_PATHS, type Unit } from '../contract/unit.ts';
import { ProgramError } from '../kit/errors.ts';
import { readIfExists } from '../kit/files.ts';
import { isLocked, LOCK } from '../kit/lock.ts';
import type { System } from '../kit/system.ts';

export interface State {
  state: UnitState;
  finalised: boolean;
  /** Finalised, and the last run ended well: where the state is `failed`, a service is not ready. */
  settled: boolean;
  /** What failed, where the last run did. */
  failure?: Failure;
  /** Where they decide: of a unit that is settled. */
  services?: ServiceStatus[];
}

export interface Failure {
  step: string;
  reason: string;
}

export interface Progress {
  finalised: boolean;
  unfinished: boolean;
  /** The last run has failed, or was cut off and nobody goes on with it. */
  failed: boolean;
  failure?: Failure;
}

/** Services of systemd that carry out a run; both end with it. */
const RUNS = [SETUP_UNITS.apply, SETUP_UNITS.resume];

export async function readProgress(system: System): Promise<Progress> {
  const finalised = (await readIfExists(system.path(UNIT_PATHS.finalised))) !== undefined;
  const unfinished = (await readIfExists(system.path(UNIT_PATHS.unfinished))) !== undefined;
  if (!unfinished) return { finalised, unfinished, failed: false };
  const last = lastRun(parseJournal((await readIfExists(system.path(UNIT_PATHS.journal))) ?? ''));
  if (last?.outcome !== 'failed' && (await runIsUnderWay(system))) return { finalised, unfinished, failed: false };
  return { finalised, unfinished, failed: true, failure: failureOf(last) };
}

/** A run that a full disk, a signal or a power cut ended could not say so itself. */
function failureOf(last: LastRun | undefined): Failure {
  if (last?.failure !== undefined) return { step: last.failure.step, reason: last.failure.reason };
  return { step: last?.step ?? 'none', reason: 'the run was cut off; `unitctl apply --resume` goes on with it' };
}

/** True while any run holds the unit, or is about to. */
export async function runIsUnderWay(system: System): Promise<boolean> {
  for (const unit of RUNS) if (await isComing(system, unit)) return true;
  return isLocked(system, LOCK);
}

async function isComing(system: System, unit: string): Promise<boolean> {
  try {
    return await isStarting(system, unit);
  } catch (error) {
    // Where systemd does not answer, the lock decides.
    if (error instanceof ProgramError) return false;
    throw error;
  }
}

/** The state alone, and what failed: services are asked only where they decide. */
export async function readState(system: System, unit: Unit): Promise<State> {
  const { finalised, unfinished, failed, failure } = await readProgress(system);
  const settled = finalised && !unfinished;
  const services = settled ? await serviceStatuses(system, unit) : undefined;
  const state = stateOf({ finalised, unfinished, failed, up: services?.every(({ ready }) => ready) === true });
  return { state, finalised, settled, ...(failure === undefined ? {} : { failure }), ...(services === undefined ? {} : { services }) };
}

/** `ready` is said only of a finalised unit whose services all are. A run under way counts more than what it changes. */
export function stateOf(facts: { finalised: boolean; unfinished: boolean; failed: boolean; up: boolean }): UnitState {
  if (facts.unfinished) return facts.failed ? 'failed' : 'applying';
  if (!facts.finalised) return 'waiting';
  return facts.up ? 'ready' : 'failed';
}
