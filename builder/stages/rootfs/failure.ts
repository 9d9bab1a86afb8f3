/** Turns a failed install into words: which package, or that the disk is full. */
import { ExitCode, ToolError, UserError } from '../../kit/errors.ts';
import { freeBytes } from '../../tools/disk-space.ts';

const NOTHING_LEFT = 32 * 2 ** 20;

/** The error to throw instead of `error`. What is no failure of an outside program stays as it is. */
export async function explainInstallFailure(error: unknown, folder: string): Promise<unknown> {
  if (!(error instanceof ToolError) || error.failure.missing) return error;
  if ((await freeBytes(folder)) < NOTHING_LEFT) {
    return new UserError('The disk became full while packages were installed', {
      exitCode: ExitCode.host,
      remedies: ['free some space, or name another folder: --cache-dir FOLDER', 'see what can go: unitsmith cache list'],
      cause: error,
    });
  }
  const failed = failedPackages(error.failure.tail);
  return new UserError(failed.length === 0 ? 'The packages could not be installed' : `Could not install ${failed.join(', ')}`, {
    exitCode: ExitCode.bake,
    why: error.message,
    excerpt: { title: 'last lines of the installation', lines: error.failure.tail },
    remedies: ['the log file has the whole output'],
    cause: error,
  });
}

/** dpkg names the packages that failed in a list at its end, each on a line of its own, indented. */
export function failedPackages(tail: readonly string[]): string[] {
  const start = tail.findIndex((line) => line.startsWith('Errors were encountered while processing:'));
  if (start < 0) return [];
  const names: string[] = [];
  for (const line of tail.slice(start + 1)) {
    if (!line.startsWith(' ')) break;
    names.push(line.trim());
  }
  return names;
}
