/** In a file of its own for the consoles' text, which wants a name out of it and none of what validates settings. */
import { UNIT_PATHS } from '../contract/unit.ts';
import { ExitCode, UnitError } from '../kit/errors.ts';
import { readIfExists } from '../kit/files.ts';
import type { System } from '../kit/system.ts';
import type { Settings } from '../settings/index.ts';
import { ANSWERS_VERSION } from '../settings/version.ts';

/** The saved settings without their secrets; undefined where there are none yet. */
export async function openSettings(system: System): Promise<Settings | undefined> {
  const text = await readIfExists(system.path(UNIT_PATHS.settings));
  if (text === undefined) return undefined;
  const saved = JSON.parse(text) as Settings;
  if (saved.schemaVersion === ANSWERS_VERSION) return saved;
  throw new UnitError(`settings of version ${String(saved.schemaVersion)} were saved by another release`, { exitCode: ExitCode.unit });
}
