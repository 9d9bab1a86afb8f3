/** The code behind each stage, as a hash that the build wrote (../stage-code.mjs): a part of every stage's id. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { packageRoot } from '../kit/paths.ts';

/** Name of a stage to the hash of its code. */
export type StageCodes = Readonly<Record<string, string>>;

export async function readStageCodes(): Promise<StageCodes> {
  return JSON.parse(await readFile(join(packageRoot(), 'dist', 'stage-code.json'), 'utf8')) as StageCodes;
}
