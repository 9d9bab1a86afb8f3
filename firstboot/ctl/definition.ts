/** The image's definition, without what knows the settings' schema: the consoles' text needs no more. */
import { readFile } from 'node:fs/promises';

import { openSettings } from '../apply/open-settings.ts';
import { UNIT_PATHS, type Unit } from '../contract/unit.ts';
import { unitForRole } from '../contract/unit-role.ts';
import { ExitCode, UnitError } from '../kit/errors.ts';
import type { System } from '../kit/system.ts';

/** As it is in the role that was applied; whole before. @throws UnitError where this machine is no unit */
export async function readAppliedUnit(system: System): Promise<Unit> {
  const unit = await readDefinition(system);
  return unit.roles === undefined ? unit : unitForRole(unit, await appliedRole(system));
}

export async function appliedRole(system: System): Promise<string | undefined> {
  return (await openSettings(system))?.cluster?.role;
}

export async function readDefinition(system: System): Promise<Unit> {
  const unit = (await readJson(system, UNIT_PATHS.definition)) as Unit;
  if (unit.schemaVersion === 1) return unit;
  throw new UnitError(`${UNIT_PATHS.definition} is of version ${String(unit.schemaVersion)}, which this release does not know`, {
    exitCode: ExitCode.unit,
  });
}

async function readJson(system: System, path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(system.path(path), 'utf8')) as unknown;
  } catch (error) {
    throw new UnitError(`this is no unit: ${path} cannot be read`, { exitCode: ExitCode.unit, cause: error });
  }
}
