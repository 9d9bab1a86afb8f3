/** Emulation spoils a guest's memory now and then: what then panicked is tried once more. */
import type { Context } from '../kit/context.ts';
import { GuestPanic } from './machine.ts';
import type { Acceleration } from './spec.ts';

/**
 * Runs `attempt`, and once more, with a warning, where an emulated guest's kernel panicked: one that has a reason panics again.
 * @param what is done once more, as in "it is booted once more"
 */
export async function onceMoreAfterPanic<T>(
  ctx: Context,
  { kind }: Pick<Acceleration, 'kind'>,
  what: string,
  attempt: () => Promise<T>,
): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    if (kind !== 'tcg' || !(error instanceof GuestPanic)) throw error;
    ctx.events.warn(`${error.message}: ${error.why}. Emulation spoils a guest now and then: it is ${what} once more`);
    return await attempt();
  }
}
