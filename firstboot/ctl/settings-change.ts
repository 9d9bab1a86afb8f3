/** Changes of the owner's settings, one at a time or by an editor. */
import { Document } from 'yaml';

import { completeSettings, loadOrigins, type Origins, saveOrigins, saveSettings } from '../apply/settings-store.ts';
import { UNIT_PATHS } from '../contract/unit.ts';
import { ExitCode, UnitError } from '../kit/errors.ts';
import { readIfExists } from '../kit/files.ts';
import { LOCK, lock } from '../kit/lock.ts';
import {
  ANSWERS_VERSION,
  answersSchema,
  type Setting,
  type Settings,
  secretPaths,
  setAt,
  settingAt,
  settingsOf,
} from '../settings/index.ts';
import { parseAnswers } from '../sources/answers-file.ts';
import { readCleared, readDraft, writeDraft } from '../sources/draft.ts';
import type { LocatedLayer } from '../sources/source.ts';
import { applyPrepared } from './apply.ts';
import type { Session } from './cli.ts';
import { knownSettings } from './known-settings.ts';
import { check, withPlan } from './prepared.ts';
import { readProductSchema } from './unit-files.ts';

export interface ChangeOptions {
  /** Makes what follows from the settings so at once. */
  apply: boolean;
}

/** Values by dotted path; undefined takes a value away. */
export type Changes = ReadonlyMap<string, unknown>;

/** Of the schema. @throws UnitError for a path that is no setting */
export function settingOf(path: string, productSchema: object | undefined): Setting {
  const all = settingsOf(answersSchema(productSchema)).filter((setting) => setting.path !== 'schemaVersion');
  const found = all.find((setting) => setting.path === path);
  if (found !== undefined) return found;
  const below = all.filter((setting) => setting.path.startsWith(`${path}.`)).map((setting) => setting.path);
  throw new UnitError(`there is no setting ${path}`, {
    exitCode: ExitCode.usage,
    remedies: [below.length > 0 ? `It is a group: ${below.join(', ')}.` : `There are: ${all.map((setting) => setting.path).join(', ')}.`],
  });
}

/** A value as it is typed: text where the setting is text, else YAML (`true`, `[a, b]`). */
export function parseValue(text: string, { path, schema }: Setting): unknown {
  return schema.type === 'string' ? text : parseAnswers(text, path).data;
}

/**
 * Validates and saves; then applies, on a unit that is finalised. Before that the answers join the draft, because Apply is the
 * owner's word. Nothing is saved of what does not fit.
 */
export async function changeSettings(session: Session, changes: Changes, options: ChangeOptions): Promise<ExitCode> {
  const { system } = session;
  const held = await lock(system, LOCK);
  try {
    const saved = (await readIfExists(system.path(UNIT_PATHS.settings))) !== undefined;
    return saved ? await changeSaved(session, changes, options) : await changeDraft(session, changes);
  } finally {
    await held.release();
  }
}

async function changeSaved(session: Session, changes: Changes, { apply }: ChangeOptions): Promise<ExitCode> {
  const { system } = session;
  const productSchema = await readProductSchema(system);
  const { settings: before } = await knownSettings(system, productSchema);
  const answers = structuredClone(before) as unknown as Record<string, unknown>;
  for (const [path, value] of changes) setAt(answers, path, value);
  const gone = [...changes].flatMap(([path, value]) => (value === undefined ? [path] : []));
  const outcome = await completeSettings(system, answers, productSchema, gone);
  if ('violations' in outcome) {
    throw new UnitError('the settings would not fit this unit: nothing was changed', {
      exitCode: ExitCode.answers,
      problems: outcome.violations.map(({ message, path, suggestion }) => ({
        message,
        path,
        ...(suggestion === undefined ? {} : { suggestion }),
      })),
    });
  }
  const { settings } = outcome;
  const origins = newOrigins(await loadOrigins(system), changes, settings, productSchema);
  const prepared = await withPlan(system, productSchema, { settings, origins });
  if (apply) {
    await applyPrepared(session, prepared);
  } else {
    await saveOrigins(system, origins);
    await saveSettings(system, settings, productSchema);
    session.print('Saved. `unitctl apply` makes it so.');
  }
  session.emit({ type: 'result', command: 'settings', data: { saved: [...changes.keys()], applied: apply } });
  return ExitCode.ok;
}

function newOrigins(before: Origins, changes: Changes, settings: Settings, productSchema: object | undefined): Origins {
  const secret = secretPaths(productSchema);
  const entries = settingsOf(answersSchema(productSchema)).flatMap(({ path }): [string, Origins[string]][] => {
    if (settingAt(settings, path) === undefined) return [];
    if (!changes.has(path)) return [[path, before[path] ?? 'default']];
    // What was taken away is back by its default, or made anew.
    return [[path, changes.get(path) !== undefined ? 'unitctl' : secret.includes(path) ? 'generated' : 'default']];
  });
  return Object.fromEntries(entries);
}

/** What `unitctl` said before stays, but for what is said now. */
async function changeDraft(session: Session, changes: Changes): Promise<ExitCode> {
  const { system } = session;
  const productSchema = await readProductSchema(system);
  const draft = await readDraft(system);
  const own = structuredClone(draft.find(({ source }) => source === 'unitctl')?.answers ?? { schemaVersion: ANSWERS_VERSION }) as Record<
    string,
    unknown
  >;
  for (const [path, value] of changes) setAt(own, path, value);
  const layer: LocatedLayer = {
    source: 'unitctl',
    answers: own,
    locate: ({ message, path, suggestion }) => ({ message, path, ...(suggestion === undefined ? {} : { suggestion }) }),
  };
  const layers = [...draft.filter(({ source }) => source !== 'unitctl'), layer];
  const checked = await check(system, layers, productSchema);
  if ('wrong' in checked && checked.wrong.length > 0)
    throw new UnitError('the answers would not fit this unit: nothing was kept', { exitCode: ExitCode.answers, problems: checked.wrong });
  await writeDraft(system, layers, await readCleared(system));
  const missing = 'missing' in checked ? checked.missing : [];
  session.print(`Kept. \`unitctl apply\` sets this unit up${missing.length === 0 ? '' : ' once these are given'}.`);
  for (const { message } of missing) session.print(`  ${message}`);
  session.emit({ type: 'result', command: 'settings', data: { saved: [...changes.keys()], applied: false, missing } });
  return missing.length === 0 ? ExitCode.ok : ExitCode.waiting;
}

/** An answers file (YAML) of settings: without secrets unless they are asked for. */
export function answersOf(settings: Settings, productSchema: object | undefined, options: { secrets: boolean; heading: string }): string {
  const open = structuredClone(settings) as unknown as Record<string, unknown>;
  if (!options.secrets) for (const path of secretPaths(productSchema)) setAt(open, path, undefined);
  const document = new Document(Object.fromEntries(Object.entries(open).filter(([, value]) => !isEmpty(value))));
  document.commentBefore = ` ${options.heading}`;
  return document.toString({ lineWidth: 0 });
}

function isEmpty(value: unknown): boolean {
  return value === undefined || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
}
