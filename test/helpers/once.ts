/** Waiting for what another process does: test files run at once, each in a process of its own. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/**
 * Makes something that many test files need: the first one that comes makes it, the others wait, for `seconds` at most.
 * @returns a folder for it, that of this run (temporary-folder.ts), the same for all.
 * @throws in every file what `make` threw.
 */
export async function onceARun(name: string, make: (folder: string) => Promise<void> | void, seconds = 120): Promise<string> {
  const folder = join(tmpdir(), `once-${name}`);
  const done = `${folder}.done`;
  try {
    mkdirSync(folder);
  } catch {
    await until(() => existsSync(done), `${name} to be made`, seconds);
    if (readFileSync(done, 'utf8') !== '') throw new Error(readFileSync(done, 'utf8'));
    return folder;
  }
  try {
    await make(folder);
    writeFileSync(done, '');
  } catch (error) {
    writeFileSync(done, String(error));
    throw error;
  }
  return folder;
}

/** Waits for a state, for at most `seconds`. */
export async function until(state: () => boolean, what: string, seconds = 20): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!state()) {
    if (Date.now() > deadline) throw new Error(`waited ${seconds} s for ${what}`);
    await wait(20);
  }
}
