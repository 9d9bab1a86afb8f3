/** The settings as the page keeps them: a layer of its own in the draft, judged by the one validation, secrets never shown. */

import { SecretStore } from '../apply/secret-store.ts';
import { completeSettings, registerSecrets, secretFile } from '../apply/settings-store.ts';
import type { KeptSettings, RefusedAnswer, SettingProblem } from '../contract/helper.ts';
import { type Kept, readKept } from '../ctl/prepared.ts';
import { readProductSchema, readUnit } from '../ctl/unit-files.ts';
import { ExitCode, type Problem, placeOf, problemLine, UnitError } from '../kit/errors.ts';
import { LOCK, lock } from '../kit/lock.ts';
import type { System } from '../kit/system.ts';
import type { SettingSchema } from '../settings/annotations.ts';
import {
  ANSWERS_VERSION,
  answersSchema,
  applyDefaults,
  fixedViolations,
  isIncomplete,
  type Layer,
  mergeAnswers,
  SOURCE_ORDER,
  schemaForAnswers,
  secretPaths,
  setAt,
  settingAt,
  settingsOf,
  type Violation,
  withFixed,
} from '../settings/index.ts';
import { segmentsOf } from '../settings/pointer.ts';
import { writeDraft } from '../sources/draft.ts';
import { readRefused } from '../sources/refused.ts';
import type { Action } from './action.ts';

/** Seconds that a change waits for whoever holds the unit at boot; a run holds it longer, and refuses changes. */
const PATIENCE = 10;

export const settingsRead: Action<'settings-read'> = async (_parameters, { system }) => {
  const productSchema = await readProductSchema(system);
  return describe(system, productSchema, await readKept(system, productSchema));
};

export const settingsWrite: Action<'settings-write'> = async ({ section, values, clear = [] }, { system }) => {
  const productSchema = await readProductSchema(system);
  const { properties = {} } = answersSchema(productSchema);
  if (!Object.hasOwn(properties, section) || properties[section]?.properties === undefined)
    throw new UnitError(`there is no section ${section}`, { exitCode: ExitCode.usage });
  const held = await lock(system, LOCK, PATIENCE);
  try {
    const kept = await readKept(system, productSchema);
    const next = withSection(kept, { section, values, clear }, productSchema);
    for (const { answers } of next.layers) registerSecrets(system, answers, productSchema);
    await writeDraft(
      system,
      next.layers.filter(({ source }) => source !== 'default'),
      next.cleared,
    );
  } finally {
    await held.release();
  }
  return describe(system, productSchema, await readKept(system, productSchema));
};

interface Change {
  section: string;
  values: Readonly<Record<string, unknown>>;
  clear: readonly string[];
}

/**
 * The layers after a section was written. The page's values take the place of those that it gave before; a secret that it
 * leaves out stays. A value of a source that counts more goes, or the newer one would not be seen.
 */
function withSection(
  { layers, cleared }: { layers: readonly Layer[]; cleared: readonly string[] },
  { section, values, clear }: Change,
  productSchema: object | undefined,
): { layers: Layer[]; cleared: string[] } {
  const before = layers.find(({ source }) => source === 'wizard')?.answers ?? { schemaVersion: ANSWERS_VERSION };
  const own: Record<string, unknown> = { ...structuredClone(before), [section]: structuredClone(values) };
  const secrets = secretPaths(productSchema);
  for (const path of secrets) {
    const kept = settingAt(before, path);
    if (!path.startsWith(`${section}.`) || kept === undefined || settingAt(own, path) !== undefined || clear.includes(path)) continue;
    setAt(own, path, kept);
  }
  const inSection = (path: string): boolean => path.startsWith(`${section}.`);
  const paths = settingsOf(answersSchema(productSchema)).flatMap(({ path }) => (inSection(path) ? [path] : []));
  const given = paths.filter((path) => settingAt(own, path) !== undefined);
  const gone = clear.filter((path) => inSection(path) && !given.includes(path));
  const others = layers
    .filter(({ source }) => source !== 'wizard')
    .map((layer): Layer => {
      const higher = SOURCE_ORDER.indexOf(layer.source) > SOURCE_ORDER.indexOf('wizard');
      return { source: layer.source, answers: without(layer.answers, higher ? [...gone, ...given] : gone) };
    });
  return {
    layers: [...others, { source: 'wizard', answers: own }],
    cleared: [...new Set([...cleared, ...gone])].filter((path) => secrets.includes(path) && !given.includes(path)),
  };
}

function without(answers: Layer['answers'], paths: readonly string[]): Record<string, unknown> {
  const copy = structuredClone(answers) as Record<string, unknown>;
  for (const path of paths) setAt(copy, path, undefined);
  return copy;
}

async function describe(system: System, productSchema: object | undefined, { layers, cleared }: Kept): Promise<KeptSettings> {
  for (const { answers } of layers) registerSecrets(system, answers, productSchema);
  const { setup } = await readUnit(system);
  const merged = mergeAnswers(layers, productSchema);
  const schema = withFixed(answersSchema(schemaForAnswers(productSchema, merged.answers)), setup);
  const outcome = await completeSettings(system, merged.answers, productSchema, cleared);
  const store = new SecretStore(system);
  const secretsSet: string[] = [];
  for (const path of secretPaths(productSchema)) {
    const kept = !cleared.includes(path) && (await store.read(secretFile(path))) !== undefined;
    if (kept || settingAt(merged.answers, path) !== undefined) secretsSet.push(path);
  }
  const refused = await readRefused(system);
  return {
    values: visible(schema, withDefaults(schema, merged.answers, productSchema)) as Record<string, unknown>,
    secretsSet,
    origins: Object.fromEntries([...merged.origins].map(([pointer, { source }]) => [segmentsOf(pointer).join('.'), source])),
    problems: [...('violations' in outcome ? outcome.violations : []), ...fixedViolations(setup, merged.answers)].map(problemOf),
    ...(refused.length === 0 ? {} : { refused: refused.map(refusalOf) }),
    schema,
  };
}

/** What the image has fixed stands where nobody has said anything, as defaults do. */
function withDefaults(schema: SettingSchema, answers: object, productSchema: object | undefined): object {
  const values = applyDefaults(answers, productSchema) as unknown as Record<string, unknown>;
  for (const { path, schema: own } of settingsOf(schema))
    if (own.const !== undefined && settingAt(answers, path) === undefined) setAt(values, path, own.const);
  return values;
}

/** As the page is told of it: at the setting that is missing, where that is known. */
export function problemOf(violation: Violation): SettingProblem {
  const { path, message, suggestion, keyword, lacks, texts } = violation;
  return {
    path: [...segmentsOf(path), ...(lacks === undefined ? [] : [lacks])].join('.'),
    message: suggestion === undefined ? message : `${message}. ${suggestion}`,
    keyword,
    ...(texts === undefined ? {} : { texts }),
    missing: isIncomplete(violation),
  };
}

/** As the page is told of what came from outside. */
export function refusalOf(problem: Problem): RefusedAnswer {
  const { path, keyword, message, suggestion, texts } = problem;
  const about = { sentence: problemLine(problem), place: placeOf(problem) };
  if (path === undefined || keyword === undefined) return about;
  const violation = {
    path,
    keyword,
    message,
    ...(suggestion === undefined ? {} : { suggestion }),
    ...(texts === undefined ? {} : { texts }),
  };
  return { ...about, problem: problemOf(violation) };
}

/** What the schema knows and calls no secret: a value in a wrong place may be one. */
function visible(schema: SettingSchema, value: unknown): unknown {
  if (schema.writeOnly === true) return undefined;
  if (schema.properties === undefined) return value;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const members = Object.entries(schema.properties).flatMap(([name, member]) => {
    const shown = Object.hasOwn(value, name) ? visible(member, (value as Record<string, unknown>)[name]) : undefined;
    return shown === undefined ? [] : [[name, shown] as const];
  });
  return Object.fromEntries(members);
}
