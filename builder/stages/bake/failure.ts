/** Turns a failed bake into words: which script, what it said, or what the guest's console showed. */

import { ExitCode, type ToolError, UserError } from '../../kit/errors.ts';
import { readIfExists } from '../../kit/files.ts';
import type { BakeProgress } from './progress.ts';
import { SCRIPT_STEP } from './template.ts';

const CONSOLE_LINES = 30;

/** What went wrong, by how far the bake came. */
export async function bakeFailure(error: ToolError, progress: BakeProgress, serialLog: string, minutes: number): Promise<UserError> {
  const common = { exitCode: ExitCode.bake, cause: error };
  if (progress.failed !== undefined) {
    const { step, exitCode } = progress.failed;
    const ownScript = step.startsWith(SCRIPT_STEP);
    return new UserError(ownScript ? `${step} failed in the guest` : `The step "${step}" failed in the guest`, {
      ...common,
      why: `it ended with exit code ${exitCode}`,
      excerpt: { title: `last lines of ${step}`, lines: [...progress.lines] },
      remedies: ['look around in the guest: run the same again with --on-error=keep'],
    });
  }
  const console = await consoleTail(serialLog);
  if (progress.step !== undefined) {
    return new UserError(`The guest was lost during "${progress.step}"`, {
      ...common,
      why: error.failure.timedOut ? `the bake did not end within ${minutes} minutes` : (progress.errors.at(-1) ?? error.message),
      excerpt: { title: "end of the guest's console", lines: console },
    });
  }
  if (console.length > 0) {
    return new UserError('The guest started, but could not be reached by SSH', {
      ...common,
      excerpt: { title: "end of the guest's console", lines: console },
      remedies: ['look around in the guest: run the same again with --on-error=keep', 'see the whole console in the log file'],
    });
  }
  return new UserError('Packer could not start the virtual machine', {
    ...common,
    excerpt: { title: 'what Packer says', lines: progress.lines.length > 0 ? [...progress.lines] : [...error.failure.tail] },
    remedies: ['unitsmith doctor tells what this machine lacks'],
  });
}

/** Last lines of a serial log, without terminal control sequences (ECMA-48). */
export async function consoleTail(serialLog: string): Promise<string[]> {
  const text = (await readIfExists(serialLog)) ?? '';
  return plainLines(text).slice(-CONSOLE_LINES);
}

export function plainLines(text: string): string[] {
  return text
    .replace(/\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\x1bc/g, '')
    .split('\n')
    .map((line) => line.replace(/^.*\r(?=[^\r])/, '').trimEnd())
    .filter((line) => line !== '');
}
