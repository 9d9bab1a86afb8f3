/** QEMU stops its guest when the host's disk is full. */
import { ExitCode, UserError } from '../../kit/errors.ts';
import { freeBytes } from '../../tools/disk-space.ts';

const LEAST = 128 * 2 ** 20;

export async function isFull(folder: string): Promise<boolean> {
  return (await freeBytes(folder)) < LEAST;
}

export function diskFull(folder: string): UserError {
  return new UserError('The disk became full during the bake', {
    exitCode: ExitCode.host,
    why: `less than ${Math.round(LEAST / 2 ** 20)} MiB are free at ${folder}`,
    remedies: ['free some space, or name another folder: --cache-dir FOLDER', 'see what can go: unitsmith cache list'],
  });
}
