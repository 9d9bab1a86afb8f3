import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';

import { ExitCode, UserError } from '../kit/errors.ts';

/** The folder of `--out`, absolute; it need not be there yet. @throws UserError(usage) where something else has its name. */
export async function outFolder(path: string): Promise<string> {
  const folder = resolve(path);
  const info = await stat(folder).catch(() => undefined);
  if (info === undefined || info.isDirectory()) return folder;
  throw new UserError(`${path} is not a folder`, {
    exitCode: ExitCode.usage,
    why: 'artefacts cannot be put into it, and it is not written over',
    remedies: ['name a folder, which need not be there yet: --out FOLDER'],
  });
}
