/** Sets a booted unit up with answers, as its owner would: for checks of what is open and answers afterwards. */
import { basename, dirname } from 'node:path';

import { ExitCode, UserError } from '../kit/errors.ts';
import type { Machine } from '../vm/machine.ts';

const FOLDER = '/run/unit-answers';
const APPLY_SECONDS = 900;
const TAIL = 30;

/** `answers` is a file of the host; the folder that it is in goes with it, because answers may name files beside it. */
export async function finalise(machine: Machine, answers: string, onLine?: (line: string) => void): Promise<void> {
  await machine.output(['mkdir', '-m', '0700', '-p', FOLDER, '/run/unit']);
  await machine.upload(dirname(answers), `${FOLDER}/sample`);
  // Services may take as much longer as this host is slower.
  await machine.output(`echo ${Math.max(1, Math.round(machine.deadline(1).seconds))} > /run/unit/timeout-factor`);
  const lines: string[] = [];
  const result = await machine.ssh(['unitctl', 'apply', '--answers', `${FOLDER}/sample/${basename(answers)}`], {
    timeout: machine.deadline(APPLY_SECONDS).seconds,
    onLine: (line) => {
      lines.push(line);
      onLine?.(line);
    },
  });
  if (result.exitCode === 0) return;
  throw new UserError('the unit could not be set up with these answers', {
    exitCode: ExitCode.proof,
    why: result.stderr.trim().split('\n')[0] ?? `unitctl apply ended with ${result.exitCode}`,
    excerpt: { title: 'unitctl apply', lines: lines.slice(-TAIL) },
  });
}
