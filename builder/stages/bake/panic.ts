/** A guest whose kernel panicked answers nobody any more. */
import { ExitCode } from '../../kit/errors.ts';
import { readIfExists } from '../../kit/files.ts';
import { GuestPanic } from '../../vm/machine.ts';
import { deadEnd, panicked } from '../../vm/serial.ts';
import { consoleTail } from './failure.ts';

export async function hasPanicked(serialLog: string): Promise<boolean> {
  return panicked((await readIfExists(serialLog)) ?? '');
}

export async function guestPanic(serialLog: string): Promise<GuestPanic> {
  return new GuestPanic('The guest of the bake ended', {
    exitCode: ExitCode.bake,
    why: deadEnd((await readIfExists(serialLog)) ?? '') ?? 'its kernel panicked',
    excerpt: { title: "end of the guest's console", lines: await consoleTail(serialLog) },
  });
}
