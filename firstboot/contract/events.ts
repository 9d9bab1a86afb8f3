/** What a run says while it goes. `unitctl apply --json` writes these objects one a line: their fields are an interface. */
import type { EveryText, Texts } from './texts.ts';

export type UnitState = 'waiting' | 'applying' | 'failed' | 'ready';

export type ApplyEvent =
  | { type: 'plan'; steps: { id: string; title: Texts }[] }
  | { type: 'step-started'; step: string; title: Texts; index: number; count: number }
  /** `changed` is false where everything was as it should be. */
  | { type: 'step-finished'; step: string; changed: boolean; seconds: number }
  /** `reason` is English; `texts` the same for the page, where this project has the words, with what to do. */
  | { type: 'step-failed'; step: string; reason: string; texts?: EveryText; log: readonly string[]; seconds: number }
  /** A line of the step's log. */
  | { type: 'output'; step: string; line: string }
  | { type: 'state'; state: UnitState };
