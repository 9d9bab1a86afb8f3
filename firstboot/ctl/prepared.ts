/** Settings and plan for `plan`, `apply` and `adopt`: from an answers file, from outside sources, or from what is saved. */
import { join } from 'node:path';

import { openSettings } from '../apply/open-settings.ts';
import { type Facts, type Plan, plan } from '../apply/plan.ts';
import { installedVersion } from '../apply/postgresql/cluster.ts';
import { completeSettings, loadOrigins, loadSettings, type Origins, registerSecrets } from '../apply/settings-store.ts';
import type { EveryText } from '../contract/texts.ts';
import { UNIT_PATHS, type Unit } from '../contract/unit.ts';
import { ExitCode, type Problem, UnitError } from '../kit/errors.ts';
import { readIfExists } from '../kit/files.ts';
import type { System } from '../kit/system.ts';
import {
  ANSWERS_VERSION,
  answersSchema,
  fixedViolations,
  isIncomplete,
  layerAt,
  mergeAnswers,
  pointerOf,
  type Settings,
  secretPaths,
  setAt,
  settingAt,
  settingsOf,
} from '../settings/index.ts';
import { readAnswersFile } from '../sources/answers-file.ts';
import { readCleared, readDraft } from '../sources/draft.ts';
import type { LocatedLayer } from '../sources/source.ts';
import { readProductSchema, readUnit } from './unit-files.ts';

export interface Prepared {
  unit: Unit;
  productSchema: object | undefined;
  settings: Settings;
  origins: Origins;
  /** Whether all of the draft is in them; undefined where they are what was saved before, which it may be in or not. */
  fromDraft?: boolean;
  facts: Facts;
  plan: Plan;
}

export type Checked = Pick<Prepared, 'settings' | 'origins' | 'fromDraft'>;

/** Nothing is written. @throws UnitError for answers that are wrong or missing, or a plan that cannot be made */
export async function prepare(system: System, answers: string | undefined): Promise<Prepared> {
  const productSchema = await readProductSchema(system);
  const checked = answers === undefined ? await saved(system, productSchema) : await fromFile(system, answers, productSchema);
  return withPlan(system, productSchema, checked);
}

export async function withPlan(system: System, productSchema: object | undefined, checked: Checked): Promise<Prepared> {
  const role = checked.settings.cluster?.role;
  await keepRole(system, role);
  const unit = await readUnit(system, role);
  registerSecrets(system, checked.settings, productSchema);
  fixLogin(unit, checked.settings);
  const facts = await readFacts(system, productSchema);
  return { unit, productSchema, ...checked, facts, plan: plan(unit, checked.settings, facts) };
}

async function readFacts(system: System, productSchema: object | undefined): Promise<Facts> {
  return { secretSettings: secretPaths(productSchema), postgresql: await installedVersion(system) };
}

/** What a role has made of a unit stays. @throws UnitError where a finalised unit is to have another one */
async function keepRole(system: System, role: string | undefined): Promise<void> {
  if ((await readIfExists(system.path(UNIT_PATHS.finalised))) === undefined) return;
  const own = (await openSettings(system))?.cluster?.role;
  if (own === role) return;
  throw new UnitError(`this unit is ${own ?? 'without a role'}: its role cannot be changed any more`, {
    exitCode: ExitCode.answers,
    remedies: ['Set up another unit in that role; or make this one new by `unitctl reset`, which removes all that it has.'],
  });
}

/** The image may say who the administrator is. @throws UnitError where the owner names another */
function fixLogin({ setup }: Unit, { administrator }: Settings): void {
  const login = setup?.administrator?.login;
  if (login === undefined) return;
  // `admin` is what the schema fills in where nobody is named.
  if (administrator.login !== undefined && ![login, 'admin'].includes(administrator.login)) {
    throw new UnitError(`the administrator of this product is ${login}: administrator.login cannot be another`, {
      exitCode: ExitCode.answers,
      texts: {
        en: `The administrator of this product is ${login}: the log-in name cannot be another.`,
        ja: `この製品の管理者は ${login} です。ログイン名は変更できません。`,
        ru: `Администратор этого продукта — ${login}: другое имя невозможно.`,
      },
      remedies: ['Leave administrator.login out.'],
    });
  }
  administrator.login = login;
}

/** What layers come to: settings, or all that is missing or wrong, each with its source and place. */
export async function check(
  system: System,
  layers: readonly LocatedLayer[],
  productSchema: object | undefined,
  cleared: readonly string[] = [],
): Promise<Checked | { missing: Problem[]; wrong: Problem[] }> {
  for (const { answers } of layers) registerSecrets(system, answers, productSchema);
  const merged = mergeAnswers(layers, productSchema);
  const outcome = await completeSettings(system, merged.answers, productSchema, cleared);
  const fixed = fixedViolations((await readUnit(system)).setup, merged.answers);
  if ('settings' in outcome && fixed.length === 0) {
    const before = await loadOrigins(system);
    const entries = settingsOf(answersSchema(productSchema)).flatMap(({ path, schema }): [string, Origins[string]][] => {
      if (settingAt(outcome.settings, path) === undefined) return [];
      const given = merged.origins.get(pointerOf(path.split('.')))?.source;
      // A secret that nobody gives this time is one that was kept, or is made now.
      return [[path, given ?? (schema.writeOnly === true ? (before[path] ?? 'generated') : 'default')]];
    });
    return { settings: outcome.settings, origins: Object.fromEntries(entries) };
  }
  const violations = [...('violations' in outcome ? outcome.violations : []), ...fixed];
  const problems = violations.map((violation) => {
    const layer = layerAt(merged, violation.path);
    const { path, message, suggestion, keyword, texts } = violation;
    const located = layer?.locate(violation) ?? { message, path, ...(suggestion === undefined ? {} : { suggestion }) };
    const problem: Problem = { ...located, keyword, ...(texts === undefined ? {} : { texts }) };
    return { incomplete: isIncomplete(violation), problem };
  });
  return {
    missing: problems.filter(({ incomplete }) => incomplete).map(({ problem }) => problem),
    wrong: problems.filter(({ incomplete }) => !incomplete).map(({ problem }) => problem),
  };
}

/** What was applied or is being; else what outside sources have said so far. */
async function saved(system: System, productSchema: object | undefined): Promise<Checked> {
  const settings = await loadSettings(system, productSchema);
  if (settings !== undefined) return { settings, origins: await loadOrigins(system) };
  const draft = await readDraft(system);
  if (draft.length > 0)
    return { ...(await whole(system, draft, productSchema, 'the answers that this unit has so far are not whole')), fromDraft: true };
  throw new UnitError('this unit has no settings yet', { exitCode: ExitCode.unit, remedies: ['Give them with `--answers FILE`.'] });
}

/** Until the unit is finalised, what outside sources said lies below the file; afterwards the file is all there is. */
async function fromFile(system: System, path: string, productSchema: object | undefined): Promise<Checked> {
  const file = await readAnswersFile(path.startsWith('/') ? path : join(process.cwd(), path));
  if (typeof file.data !== 'object' || file.data === null || Array.isArray(file.data)) {
    const problem = file.locate({
      path: '',
      message: 'this is no answers file: it is not a group of "name: value" lines',
      keyword: 'type',
    });
    throw new UnitError(`${path} does not fit this unit's settings`, { exitCode: ExitCode.answers, problems: [problem] });
  }
  const finalised = (await readIfExists(system.path(UNIT_PATHS.finalised))) !== undefined;
  const own: LocatedLayer = { source: 'unitctl', answers: file.data as Record<string, unknown>, locate: file.locate };
  const below = finalised ? [] : await readDraft(system);
  const checked = await whole(system, [...below, own], productSchema, `${path} does not fit this unit's settings`);
  return { ...checked, fromDraft: !finalised };
}

/** What the setup page shows and applies, with the secrets that its owner took back. */
export interface Kept {
  layers: LocatedLayer[];
  cleared: string[];
}

/** Until the owner has changed something on the page, what was saved lies below the draft; then all of it is in the draft. */
export async function readKept(system: System, productSchema: object | undefined): Promise<Kept> {
  const draft = await readDraft(system);
  const cleared = await readCleared(system);
  const version: LocatedLayer = { source: 'default', answers: { schemaVersion: ANSWERS_VERSION }, locate };
  if (draft.some(({ source }) => source === 'wizard')) return { layers: [version, ...draft], cleared };
  return { layers: [version, ...(await savedLayers(system, productSchema)), ...draft], cleared };
}

/** Settings and plan of what the setup page has kept. @throws UnitError for answers that are wrong or missing */
export async function prepareKept(system: System): Promise<Prepared> {
  const productSchema = await readProductSchema(system);
  const { layers, cleared } = await readKept(system, productSchema);
  const checked = await whole(system, layers, productSchema, 'the answers are not whole', cleared);
  return withPlan(system, productSchema, { ...checked, fromDraft: true });
}

/** The saved settings as the layers that they came from. Secrets stay where they are kept. */
async function savedLayers(system: System, productSchema: object | undefined): Promise<LocatedLayer[]> {
  const settings = await openSettings(system);
  if (settings === undefined) return [];
  const origins = await loadOrigins(system);
  const layers = new Map<LocatedLayer['source'], Record<string, unknown>>();
  for (const { path } of settingsOf(answersSchema(productSchema))) {
    const value = settingAt(settings, path);
    const source = origins[path] ?? 'unitctl';
    if (value === undefined || source === 'default' || source === 'generated') continue;
    const answers = layers.get(source) ?? { schemaVersion: ANSWERS_VERSION };
    setAt(answers, path, value);
    layers.set(source, answers);
  }
  return [...layers].map(([source, answers]) => ({ source, answers, locate }));
}

const locate: LocatedLayer['locate'] = ({ message, path, suggestion }) => ({
  message,
  path,
  ...(suggestion === undefined ? {} : { suggestion }),
});

const NOT_WHOLE: EveryText = {
  en: 'Some answers are missing or wrong: the review shows which.',
  ja: '不足または誤りのある項目があります。確認画面に表示されています。',
  ru: 'Часть ответов отсутствует или неверна: какие, показывает проверка.',
};

async function whole(
  system: System,
  layers: readonly LocatedLayer[],
  productSchema: object | undefined,
  message: string,
  cleared: readonly string[] = [],
): Promise<Checked> {
  const outcome = await check(system, layers, productSchema, cleared);
  if ('settings' in outcome) return outcome;
  throw new UnitError(message, { exitCode: ExitCode.answers, texts: NOT_WHOLE, problems: [...outcome.wrong, ...outcome.missing] });
}
