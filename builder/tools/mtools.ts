/** A FAT file system inside a larger file, copied out by mcopy(1): no mount, no root. */
import { run } from '../kit/command.ts';
import type { Context } from '../kit/context.ts';
import { ToolError } from '../kit/errors.ts';

/** Pure: tested as a table. `image` and `into` are names in the working folder; the host's mtoolsrc does not count. */
export function copyOutArguments(image: string, offset: number, into: string): string[] {
  return ['-s', '-n', '-i', `${image}@@${offset}`, '::/', into];
}

/** Copies everything out; false where there is no FAT file system that mtools can read. */
export async function copyOutFat(ctx: Context, folder: string, image: string, offset: number, into: string): Promise<boolean> {
  try {
    await run(ctx, 'mcopy', copyOutArguments(image, offset, into), { cwd: folder, env: { MTOOLSRC: '/dev/null' }, quiet: true });
    return true;
  } catch (error) {
    if (error instanceof ToolError && !error.failure.missing && error.failure.signal === undefined) return false;
    throw error;
  }
}
