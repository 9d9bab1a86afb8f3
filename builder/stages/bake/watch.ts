/** Packer waits for a guest, for hours, whatever became of it: so we look, and end it where there is nothing to wait for. */
import type { Context } from '../../kit/context.ts';

const INTERVAL = 3_000;

export interface Watch {
  /** Cancelled too once `look` has found what it looks for. */
  ctx: Context;
  /** Whether that is why it was cancelled. */
  found(): boolean;
  stop(): void;
}

/** Asks `look` every three seconds. */
export function watch(ctx: Context, look: () => Promise<boolean>): Watch {
  const ending = new AbortController();
  const timer = setInterval(() => {
    void look().then((found) => {
      if (found) ending.abort();
    });
  }, INTERVAL);
  return {
    ctx: { ...ctx, signal: AbortSignal.any([ctx.signal, ending.signal]) },
    found: () => ending.signal.aborted && !ctx.signal.aborted,
    stop: () => clearInterval(timer),
  };
}
