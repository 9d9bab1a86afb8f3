/** What every action of the helper gets, and how it says that it cannot be done. */
import type { ApplyEvent } from '../contract/events.ts';
import type { HelperAction, HelperAnswers, HelperParameters } from '../contract/helper.ts';
import type { System } from '../kit/system.ts';
import type { Claims } from '../setup/claim.ts';

export interface ActionContext {
  system: System;
  claims: Claims;
  /** Returns when the caller has room for more. */
  emit(event: ApplyEvent): Promise<void>;
  /** Aborted when the caller has gone. */
  signal: AbortSignal;
}

export type Action<A extends HelperAction> = (parameters: HelperParameters<A>, context: ActionContext) => Promise<HelperAnswers[A]>;
