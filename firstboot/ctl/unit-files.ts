/** What the image says about this unit: its definition, release and settings schema. */
import { type Release, UNIT_PATHS, type Unit } from '../contract/unit.ts';
import { unitForRole } from '../contract/unit-role.ts';
import { readIfExists } from '../kit/files.ts';
import type { System } from '../kit/system.ts';
import { appliedRole, readDefinition } from './definition.ts';

/**
 * The definition as it is for this unit: in its role, which is the one that was applied, else the one that answers name so far.
 * @param role of answers that are about to be applied
 * @throws UnitError where this machine is no unit
 */
export async function readUnit(system: System, role?: string): Promise<Unit> {
  const unit = await readDefinition(system);
  return unit.roles === undefined ? unit : unitForRole(unit, role ?? (await chosenRole(system)));
}

async function chosenRole(system: System): Promise<string | undefined> {
  const applied = await appliedRole(system);
  if (applied !== undefined) return applied;
  // Only here: what reads answers is most of unitctl, and takes its time to load.
  const { draftedRole } = await import('./known-settings.ts');
  return draftedRole(system, await readProductSchema(system));
}

/** The release that this unit runs; undefined where the file is missing. */
export async function readRelease(system: System): Promise<Release | undefined> {
  const text = await readIfExists(system.path(UNIT_PATHS.release));
  return text === undefined ? undefined : (JSON.parse(text) as Release);
}

/** The product's settings schema; undefined where it has none. */
export async function readProductSchema(system: System): Promise<object | undefined> {
  const text = await readIfExists(system.path(UNIT_PATHS.settingsSchema));
  return text === undefined ? undefined : (JSON.parse(text) as object);
}
