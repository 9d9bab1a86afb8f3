/** The image's own scripts: `scripts/NN-name`, run in the guest in the order of their names. */
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { ExitCode, type Problem, UserError } from '../../kit/errors.ts';

export interface Script {
  name: string;
  path: string;
}

const NAME = /^[0-9]{2}-[A-Za-z0-9][A-Za-z0-9._-]*$/;

/**
 * Empty where the image has no `scripts/`.
 * @throws UserError(definition) naming everything in there that is no script.
 */
export async function listScripts(imageFolder: string): Promise<Script[]> {
  const folder = join(imageFolder, 'scripts');
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const scripts: Script[] = [];
  const problems: Problem[] = [];
  for (const name of names.sort()) {
    const path = join(folder, name);
    if (NAME.test(name) && (await lstat(path)).isFile()) scripts.push({ name, path });
    else problems.push({ message: `scripts/${name} is no script of the bake`, where: { file: path } });
  }
  if (problems.length > 0) {
    throw new UserError('The folder scripts/ holds something else than scripts', {
      exitCode: ExitCode.definition,
      problems,
      remedies: ['name each script by two digits, a hyphen and a word (10-locale): they run in the order of their names'],
    });
  }
  return scripts;
}
