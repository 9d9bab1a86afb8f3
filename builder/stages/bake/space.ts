/** QEMU stops its guest when the host's disk is full, and Packer would wait for it for hours: so we look. */
import type { Context } from '../../kit/context.ts';
import { ExitCode, UserError } from '../../kit/errors.ts';
import { freeBytes } from '../../tools/disk-space.ts';

const INTERVAL = 3_000;
const LEAST = 128 * 2 ** 20;

export interface SpaceWatch {
  /** Cancelled too when the disk gets full. */
  ctx: Context;
  ranOut(): boolean;
  error(): UserError;
  stop(): void;
}

export function watchSpace(ctx: Context, folder: string, least = LEAST): SpaceWatch {
  const full = new AbortController();
  const timer = setInterval(() => {
    void freeBytes(folder).then((bytes) => {
      if (bytes < least) full.abort();
    });
  }, INTERVAL);
  return {
    ctx: { ...ctx, signal: AbortSignal.any([ctx.signal, full.signal]) },
    ranOut: () => full.signal.aborted && !ctx.signal.aborted,
    error: () =>
      new UserError('The disk became full during the bake', {
        exitCode: ExitCode.host,
        why: `less than ${Math.round(least / 2 ** 20)} MiB are free at ${folder}`,
        remedies: ['free some space, or name another folder: --cache-dir FOLDER', 'see what can go: unitsmith cache list'],
      }),
    stop: () => clearInterval(timer),
  };
}
