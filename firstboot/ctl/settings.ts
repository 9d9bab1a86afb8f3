import { loadSettings } from '../apply/settings-store.ts';
import { ExitCode, UnitError } from '../kit/errors.ts';
import { secretPaths, setAt, settingAt } from '../settings/index.ts';
import type { Ctl } from './cli.ts';
import { readProductSchema } from './unit-files.ts';

const SET = '(set)';

export function register(ctl: Ctl): void {
  const settings = ctl.program.command('settings').description("The owner's settings.");
  settings
    .command('get [path]')
    .description('Show the saved settings, or one of them by its dotted path. Secrets are shown as set or not.')
    .option('--json', 'write JSON')
    .addHelpText('after', '\nExamples:\n  unitctl settings get\n  unitctl settings get domain.name')
    .action(
      ctl.run(async (session, path: string | undefined) => {
        const productSchema = await readProductSchema(session.system);
        const saved = await loadSettings(session.system, productSchema);
        if (saved === undefined) throw new UnitError('this unit has no settings yet', { exitCode: ExitCode.unit });
        const shown = withoutSecrets(saved, secretPaths(productSchema));
        const value = path === undefined ? shown : settingAt(shown, path);
        if (value === undefined) throw new UnitError(`the setting ${path ?? ''} is not set`, { exitCode: ExitCode.unit });
        session.emit({ type: 'result', command: 'settings get', data: value });
        session.print(typeof value === 'string' ? value : JSON.stringify(value, null, 2));
        return ExitCode.ok;
      }),
    );
}

/** A copy in which each secret that is set is only said to be so. */
export function withoutSecrets(settings: object, secrets: readonly string[]): object {
  const copy = structuredClone(settings) as Record<string, unknown>;
  for (const path of secrets) {
    if (settingAt(copy, path) !== undefined) setAt(copy, path, SET);
  }
  return copy;
}
