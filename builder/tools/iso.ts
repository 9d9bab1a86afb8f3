/** Small ISO 9660 images with Joliet and Rock Ridge, by xorriso: what a guest finds in its CD drive. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Cleanup } from '../kit/cleanup.ts';
import { run } from '../kit/command.ts';
import type { Context } from '../kit/context.ts';
import { ExitCode, ToolError, UserError } from '../kit/errors.ts';
import { ownedFolder } from '../kit/owner.ts';

/** The label that cloud-init's ds-identify looks for. */
export const NOCLOUD_LABEL = 'CIDATA';

/** xorriso(1) arguments, in its mkisofs emulation; with a `time`, of volume and files, the same content gives the same bytes. */
function isoArgv(label: string, folder: string, output: string, time?: Date): string[] {
  const stamp = time
    ?.toISOString()
    .replaceAll(/[^0-9]/g, '')
    .slice(0, 16);
  const dates = stamp === undefined ? [] : [`--modification-date=${stamp}`, '--set_all_file_dates', stamp];
  return ['-as', 'mkisofs', '-quiet', '-volid', label, '-joliet', '-rational-rock', ...dates, '-output', output, folder];
}

/** Writes `files` (name to content) into an ISO, all of one `time` if one is given, and returns its path; `cleanup` removes it. */
export async function makeIso(
  ctx: Context,
  label: string,
  files: Readonly<Record<string, string | Uint8Array>>,
  cleanup: Cleanup,
  time?: Date,
): Promise<string> {
  const folder = await ownedFolder(ctx.cacheDir, 'iso', cleanup);
  const content = join(folder, 'content');
  await mkdir(content);
  for (const [name, text] of Object.entries(files)) await writeFile(join(content, name), text, { mode: 0o644 });
  const output = join(folder, 'seed.iso');
  try {
    await run(ctx, 'xorriso', isoArgv(label, content, output, time));
  } catch (error) {
    if (!(error instanceof ToolError) || !error.failure.missing) throw error;
    throw new UserError('xorriso is not installed', {
      exitCode: ExitCode.host,
      remedies: ['On Debian or Ubuntu: sudo apt-get install xorriso'],
      cause: error,
    });
  }
  return output;
}
