/** Taking times fairly: both sides in turns, from the same state of the host. */
import { run } from '../../builder/kit/command.ts';
import type { Context } from '../../builder/kit/context.ts';

export interface Timed<T> {
  seconds: number;
  value: T;
}

/** Runs `work` with the clock on. What earlier work left to be written is on the disk before the clock starts. */
export async function timed<T>(ctx: Context, work: () => Promise<T>): Promise<Timed<T>> {
  ctx.signal.throwIfAborted();
  await run(ctx, 'sync', []);
  const started = performance.now();
  const value = await work();
  return { value, seconds: (performance.now() - started) / 1000 };
}

export interface Pair<A, B> {
  ours: Timed<A>;
  theirs: Timed<B>;
}

/** Runs both sides `rounds` times next to each other; who goes first alternates, so that a drift of the host hits both. */
export async function inTurns<A, B>(rounds: number, ours: () => Promise<Timed<A>>, theirs: () => Promise<Timed<B>>): Promise<Pair<A, B>[]> {
  const pairs: Pair<A, B>[] = [];
  for (let round = 0; round < rounds; round += 1) {
    if (round % 2 === 0) {
      const first = await ours();
      pairs.push({ ours: first, theirs: await theirs() });
    } else {
      const first = await theirs();
      pairs.push({ ours: await ours(), theirs: first });
    }
  }
  return pairs;
}

/** The middle value; of an even number of values the mean of the two in the middle. NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return ((sorted[Math.ceil(half) - 1] ?? Number.NaN) + (sorted[Math.floor(half)] ?? Number.NaN)) / 2;
}
