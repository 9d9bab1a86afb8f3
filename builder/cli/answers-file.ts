import { stat } from 'node:fs/promises';

import { ExitCode, UserError } from '../kit/errors.ts';

/** The file of `--answers`: looked at before a machine is booted for it. @throws UserError(usage) where it is not there. */
export async function answersFile(path: string): Promise<string> {
  if ((await stat(path).catch(() => undefined))?.isFile() === true) return path;
  throw new UserError(`There is no answers file ${path}`, {
    exitCode: ExitCode.usage,
    remedies: ["write one after the image's sample/answers.yaml, and name it: --answers FILE"],
  });
}
