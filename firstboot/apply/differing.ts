/** Which of the files that contract/ makes are not on the unit as they should be. */
import type { UnitFile } from '../contract/ordering.ts';
import { readIfExists } from '../kit/files.ts';
import type { System } from '../kit/system.ts';

export async function differing(system: System, files: readonly UnitFile[]): Promise<UnitFile[]> {
  const wrong = await Promise.all(files.map(async ({ path, content }) => (await readIfExists(system.path(path))) !== content));
  return files.filter((_, index) => wrong[index]);
}
