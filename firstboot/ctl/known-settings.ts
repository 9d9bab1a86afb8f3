import { loadOrigins, loadSettings, type Origins } from '../apply/settings-store.ts';
import { ExitCode, UnitError } from '../kit/errors.ts';
import type { System } from '../kit/system.ts';
import { answersSchema, applyDefaults, mergeAnswers, pointerOf, type Settings, settingAt, settingsOf } from '../settings/index.ts';
import { readDraft } from '../sources/draft.ts';

/** The role that answers name so far. */
export async function draftedRole(system: System, productSchema: object | undefined): Promise<string | undefined> {
  const role = settingAt(mergeAnswers(await readDraft(system), productSchema).answers, 'cluster.role');
  return typeof role === 'string' ? role : undefined;
}

/** What is saved, else what outside sources have said so far, with defaults. */
export async function knownSettings(system: System, productSchema: object | undefined): Promise<{ settings: Settings; origins: Origins }> {
  const saved = await loadSettings(system, productSchema);
  if (saved !== undefined) return { settings: saved, origins: await loadOrigins(system) };
  const draft = await readDraft(system);
  if (draft.length === 0) throw new UnitError('this unit has no settings yet', { exitCode: ExitCode.unit });
  const merged = mergeAnswers(draft, productSchema);
  const paths = settingsOf(answersSchema(productSchema)).map(({ path }) => path);
  const origins = paths.map((path) => [path, merged.origins.get(pointerOf(path.split('.')))?.source ?? 'default'] as const);
  return { settings: applyDefaults(merged.answers, productSchema), origins: Object.fromEntries(origins) };
}
