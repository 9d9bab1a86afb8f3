/** Waiting for a state with a deadline: never "sleep and hope". */
import { setTimeout as delay } from 'node:timers/promises';

export interface Deadline {
  /** Milliseconds since the epoch. */
  at: number;
  /** How long it was in all, in seconds: for messages. */
  seconds: number;
}

export function deadlineIn(seconds: number): Deadline {
  return { at: Date.now() + seconds * 1000, seconds };
}

/**
 * Asks `state` again and again, `interval` milliseconds apart, until it gives something else than undefined.
 * @returns undefined where the deadline passed.
 * @throws what `state` throws, and the reason of `signal`.
 */
export async function waitFor<T>(
  state: () => Promise<T | undefined> | T | undefined,
  deadline: Deadline,
  signal: AbortSignal,
  interval = 500,
): Promise<T | undefined> {
  for (;;) {
    signal.throwIfAborted();
    const value = await state();
    if (value !== undefined) return value;
    if (Date.now() + interval > deadline.at) return undefined;
    await delay(interval, undefined, { signal }).catch((error: unknown) => {
      signal.throwIfAborted();
      throw error;
    });
  }
}
