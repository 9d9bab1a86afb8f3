/** One writer at a time in a folder of artefacts: its SHA256SUMS is read, changed and written again. */
import { withCleanup } from '../kit/cleanup.ts';
import type { Context } from '../kit/context.ts';
import { takeLock } from '../kit/lock.ts';

/** Seconds: others hold it while they copy what they have made. */
const PATIENCE = 300;

/**
 * Does `work` while nobody else writes into `out`.
 * @throws UserError(busy) where another does for too long
 */
export async function withOutputLock<T>(out: string, ctx: Context, work: () => Promise<T>, patience = PATIENCE): Promise<T> {
  const busy = { message: `Another build is writing into ${out}`, remedy: 'or let this one write elsewhere: --out FOLDER' };
  const waiting = (): void => ctx.events.progress(`waiting for another build that writes into ${out}`);
  return await withCleanup(async (cleanup) => {
    await takeLock({ folder: out, prefix: '.unitsmith-lock.', patience, signal: ctx.signal, waiting, busy }, cleanup);
    return await work();
  });
}
