/** What is wrong with answers from outside: for console and page, where an owner looks who gave them elsewhere. */
import { dirname } from 'node:path';

import { SETUP_PATHS } from '../contract/setup.ts';
import type { Problem } from '../kit/errors.ts';
import { makeFolder, readIfExists, removeFile, writeFileAtomic } from '../kit/files.ts';
import type { System } from '../kit/system.ts';

/** Empty where nothing was refused in this boot. */
export async function readRefused(system: System): Promise<Problem[]> {
  const text = await readIfExists(system.path(SETUP_PATHS.refusedAnswers));
  return text === undefined ? [] : (JSON.parse(text) as Problem[]);
}

export async function writeRefused(system: System, problems: readonly Problem[]): Promise<void> {
  const path = system.path(SETUP_PATHS.refusedAnswers);
  if (problems.length === 0) return removeFile(path);
  await makeFolder(dirname(path));
  await writeFileAtomic(path, JSON.stringify(problems), { mode: 0o600 });
}
