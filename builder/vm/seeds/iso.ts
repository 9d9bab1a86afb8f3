/** Small ISO 9660 images with Joliet and Rock Ridge, by xorriso: what a guest finds in its CD drive. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Cleanup } from '../../kit/cleanup.ts';
import { run } from '../../kit/command.ts';
import type { Context } from '../../kit/context.ts';
import { ExitCode, ToolError, UserError } from '../../kit/errors.ts';
import { temporaryFolder } from '../../kit/files.ts';

/** xorriso(1) arguments, in its mkisofs emulation. */
export function isoArgv(label: string, folder: string, output: string): string[] {
  return ['-as', 'mkisofs', '-quiet', '-volid', label, '-joliet', '-rational-rock', '-output', output, folder];
}

/** Writes `files` (name to content) into an ISO and returns its path; `cleanup` removes it. */
export async function makeIso(
  ctx: Context,
  label: string,
  files: Readonly<Record<string, string | Uint8Array>>,
  cleanup: Cleanup,
): Promise<string> {
  const folder = await temporaryFolder(join(ctx.cacheDir, 'tmp'), 'iso-', cleanup);
  const content = join(folder, 'content');
  await mkdir(content);
  for (const [name, text] of Object.entries(files)) await writeFile(join(content, name), text, { mode: 0o644 });
  const output = join(folder, 'seed.iso');
  try {
    await run(ctx, 'xorriso', isoArgv(label, content, output));
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
