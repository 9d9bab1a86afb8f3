import { loadOrigins, loadSettings, type Origins } from '../apply/settings-store.ts';
import { ExitCode, UnitError } from '../kit/errors.ts';
import type { System } from '../kit/system.ts';
import { answersSchema, applyDefaults, mergeAnswers, pointerOf, secretPaths, setAt, settingAt, settingsOf } from '../settings/index.ts';
import { readDraft } from '../sources/draft.ts';
import type { Ctl, Session } from './cli.ts';
import { readProductSchema } from './unit-files.ts';

const SET = '(set)';

interface Options {
  origin?: boolean;
}

export function register(ctl: Ctl): void {
  const settings = ctl.program.command('settings').description("The owner's settings.");
  settings
    .command('get [path]', { isDefault: true })
    .description(
      'Show the saved settings, or one of them by its dotted path; before there are any, those of the draft. Secrets are shown as set or not.',
    )
    .option('--origin', 'show each setting with where it came from')
    .option('--json', 'write JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  unitctl settings get\n  unitctl settings get domain.name\n  unitctl settings get product --origin\n  unitctl settings --origin',
    )
    .action(ctl.run(get));
}

async function get(session: Session, path: string | undefined, options: Options): Promise<ExitCode> {
  const productSchema = await readProductSchema(session.system);
  const { settings, origins } = await known(session.system, productSchema);
  const shown = withoutSecrets(settings, secretPaths(productSchema));
  const value = path === undefined ? shown : settingAt(shown, path);
  if (value === undefined) throw new UnitError(`the setting ${path ?? ''} is not set`, { exitCode: ExitCode.unit });
  if (options.origin !== true) {
    session.emit({ type: 'result', command: 'settings get', data: value });
    session.print(typeof value === 'string' ? value : JSON.stringify(value, null, 2));
    return ExitCode.ok;
  }
  const rows = settingsOf(answersSchema(productSchema))
    .filter((setting) => path === undefined || setting.path === path || setting.path.startsWith(`${path}.`))
    .map((setting) => ({ path: setting.path, value: settingAt(shown, setting.path), origin: origins[setting.path] ?? 'unknown' }))
    .filter((row) => row.value !== undefined);
  session.emit({ type: 'result', command: 'settings get', data: rows });
  for (const row of rows) session.print(`${row.path}: ${JSON.stringify(row.value)}  (${row.origin})`);
  return ExitCode.ok;
}

/** What is saved, else what outside sources have said so far, with defaults. */
async function known(system: System, productSchema: object | undefined): Promise<{ settings: object; origins: Origins }> {
  const saved = await loadSettings(system, productSchema);
  if (saved !== undefined) return { settings: saved, origins: await loadOrigins(system) };
  const draft = await readDraft(system);
  if (draft.length === 0) throw new UnitError('this unit has no settings yet', { exitCode: ExitCode.unit });
  const merged = mergeAnswers(draft, productSchema);
  const paths = settingsOf(answersSchema(productSchema)).map(({ path }) => path);
  const origins = paths.map((path) => [path, merged.origins.get(pointerOf(path.split('.')))?.source ?? 'default'] as const);
  return { settings: applyDefaults(merged.answers, productSchema), origins: Object.fromEntries(origins) };
}

/** A copy in which each secret that is set is only said to be so. */
export function withoutSecrets(settings: object, secrets: readonly string[]): object {
  const copy = structuredClone(settings) as Record<string, unknown>;
  for (const path of secrets) {
    if (settingAt(copy, path) !== undefined) setAt(copy, path, SET);
  }
  return copy;
}
