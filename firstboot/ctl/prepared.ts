/** Settings and plan for `plan` and `apply`: from an answers file, or from what is saved. */
import { join } from 'node:path';

import { type Facts, type Plan, plan } from '../apply/plan.ts';
import { completeSettings, loadSettings, registerSecrets } from '../apply/settings-store.ts';
import type { Unit } from '../contract/unit.ts';
import { ExitCode, UnitError } from '../kit/errors.ts';
import type { System } from '../kit/system.ts';
import type { Settings } from '../settings/index.ts';
import { readAnswersFile } from '../sources/answers-file.ts';
import { readFacts, readProductSchema, readUnit } from './unit-files.ts';

export interface Prepared {
  unit: Unit;
  productSchema: object | undefined;
  settings: Settings;
  facts: Facts;
  plan: Plan;
}

/** Nothing is written. @throws UnitError for answers that are wrong or missing, or a plan that cannot be made */
export async function prepare(system: System, answers: string | undefined): Promise<Prepared> {
  const unit = await readUnit(system);
  const productSchema = await readProductSchema(system);
  const settings = answers === undefined ? await saved(system, productSchema) : await fromFile(system, answers, productSchema);
  registerSecrets(system, settings, productSchema);
  const facts = await readFacts(system, productSchema);
  return { unit, productSchema, settings, facts, plan: plan(unit, settings, facts) };
}

async function saved(system: System, productSchema: object | undefined): Promise<Settings> {
  const settings = await loadSettings(system, productSchema);
  if (settings !== undefined) return settings;
  throw new UnitError('this unit has no settings yet', { exitCode: ExitCode.unit, remedies: ['Give them with `--answers FILE`.'] });
}

async function fromFile(system: System, path: string, productSchema: object | undefined): Promise<Settings> {
  const file = await readAnswersFile(path.startsWith('/') ? path : join(process.cwd(), path));
  const outcome = await completeSettings(system, file.data, productSchema);
  if ('settings' in outcome) return outcome.settings;
  throw new UnitError(`${path} does not fit this unit's settings`, {
    exitCode: ExitCode.answers,
    problems: outcome.violations.map((violation) => file.locate(violation)),
  });
}
