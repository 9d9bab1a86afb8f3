/** What every kind of change is: one file in changes/ each. */

import type { Static } from 'typebox';
import type { StepKind, StepParameters } from '../contract/step.ts';
import type { EveryText } from '../contract/texts.ts';
import type { Unit } from '../contract/unit.ts';
import type { System } from '../kit/system.ts';
import type { SecretStore } from './secret-store.ts';
import type { RenderContext } from './template/render.ts';

export type Parameters<K extends StepKind> = Static<(typeof StepParameters)[K]>;

/** Whether there is anything to do; `why` names the first difference, without values. */
export type Verdict = { done: true } | { done: false; why: string };

export interface ChangeContext {
  system: System;
  unit: Unit;
  /** What templates read, secrets in clear: for files and standard input, never for argv. */
  context: RenderContext;
  /** Dotted paths of settings that are secrets. */
  secretSettings: readonly string[];
  secrets: SecretStore;
  /** For the step's log; scrubbed and shown as it comes. */
  log(line: string): void;
  /** The journal says that this step was applied with the very same parameters. */
  appliedBefore: boolean;
  /** When this run began and when it last changed anything. */
  progress: RunProgress;
}

/** Times of CLOCK_MONOTONIC in microseconds, as systemd's; valid within one boot. */
export interface RunProgress {
  began: number;
  lastChange: number | undefined;
}

export interface Change<P> {
  /** Applying only waits and looks: it is no change of the unit. */
  observes?: boolean;
  /** What runs need not be restarted for it: no service of a product reads what it changes. */
  aside?: boolean;
  /** What will happen, a sentence in each language. */
  words(parameters: P): EveryText;
  check(parameters: P, context: ChangeContext): Promise<Verdict>;
  /** Makes the change; may find any part of it made already by a run that was killed. */
  apply(parameters: P, context: ChangeContext): Promise<void>;
  /** As the image has it, for a factory reset: what is in no state item. May find it done already. */
  reset?(parameters: P, context: ChangeContext): Promise<void>;
}

export const DONE: Verdict = { done: true };

export function due(why: string): Verdict {
  return { done: false, why };
}
