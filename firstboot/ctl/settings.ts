import { ExitCode, UnitError } from '../kit/errors.ts';
import { answersSchema, secretPaths, setAt, settingAt, settingsOf } from '../settings/index.ts';
import type { Ctl, Session } from './cli.ts';
import { knownSettings } from './known-settings.ts';
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
  const { settings, origins } = await knownSettings(session.system, productSchema);
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

/** A copy in which each secret that is set is only said to be so. */
export function withoutSecrets(settings: object, secrets: readonly string[]): object {
  const copy = structuredClone(settings) as Record<string, unknown>;
  for (const path of secrets) {
    if (settingAt(copy, path) !== undefined) setAt(copy, path, SET);
  }
  return copy;
}
