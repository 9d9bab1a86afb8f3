/** What is wrong with answers from outside: for console and page, where an owner looks who gave them elsewhere. */
import { dirname } from 'node:path';

import { SETUP_PATHS } from '../contract/setup.ts';
import { makeFolder, readIfExists, removeFile, writeFileAtomic } from '../kit/files.ts';
import type { System } from '../kit/system.ts';

/** Sentences; empty where nothing was refused in this boot. */
export async function readRefused(system: System): Promise<string[]> {
  const text = await readIfExists(system.path(SETUP_PATHS.refusedAnswers));
  return text === undefined ? [] : (JSON.parse(text) as string[]);
}

export async function writeRefused(system: System, sentences: readonly string[]): Promise<void> {
  const path = system.path(SETUP_PATHS.refusedAnswers);
  if (sentences.length === 0) return removeFile(path);
  await makeFolder(dirname(path));
  await writeFileAtomic(path, JSON.stringify(sentences), { mode: 0o600 });
}
