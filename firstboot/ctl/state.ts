/** How far this unit is, from what is on disk and what systemd says. */
import { lastRun, parseJournal } from '../apply/journal.ts';
import { serviceStatuses } from '../apply/service-status.ts';
import type { UnitState } from '../contract/events.ts';
import { UNIT_PATHS, type Unit } from '../contract/unit.ts';
import { readIfExists } from '../kit/files.ts';
import type { System } from '../kit/system.ts';

export interface State {
  state: UnitState;
  finalised: boolean;
  /** What failed, where the last run did. */
  failure?: { step: string; reason: string };
}

export interface Progress {
  finalised: boolean;
  unfinished: boolean;
  last: ReturnType<typeof lastRun>;
}

export async function readProgress(system: System): Promise<Progress> {
  return {
    finalised: (await readIfExists(system.path(UNIT_PATHS.finalised))) !== undefined,
    unfinished: (await readIfExists(system.path(UNIT_PATHS.unfinished))) !== undefined,
    last: lastRun(parseJournal((await readIfExists(system.path(UNIT_PATHS.journal))) ?? '')),
  };
}

/** The state alone, and what failed: services are asked only where they decide. */
export async function readState(system: System, unit: Unit): Promise<State> {
  const { finalised, unfinished, last } = await readProgress(system);
  const up = finalised && !unfinished && (await serviceStatuses(system, unit)).every(({ ready }) => ready);
  const state = stateOf({ finalised, unfinished, failed: last?.outcome === 'failed', up });
  const failure = unfinished ? last?.failure : undefined;
  return { state, finalised, ...(failure === undefined ? {} : { failure: { step: failure.step, reason: failure.reason } }) };
}

/** `ready` is said only of a finalised unit whose services all are. A run under way counts more than what it changes. */
export function stateOf(facts: { finalised: boolean; unfinished: boolean; failed: boolean; up: boolean }): UnitState {
  if (facts.unfinished) return facts.failed ? 'failed' : 'applying';
  if (!facts.finalised) return 'waiting';
  return facts.up ? 'ready' : 'failed';
}
