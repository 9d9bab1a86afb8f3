import { ExitCode, UnitError } from '../kit/errors.ts';
import { readIfExists, removeFile, writeFileAtomic } from '../kit/files.ts';
import { answersSchema, secretPaths, setAt, settingAt, settingsOf, validateBy } from '../settings/index.ts';
import { parseAnswers } from '../sources/answers-file.ts';
import type { Ctl, Session } from './cli.ts';
import { knownSettings } from './known-settings.ts';
import { answersOf, type ChangeOptions, changeSettings, parseValue, settingOf } from './settings-change.ts';
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
  settings
    .command('set <path> [value]')
    .description(
      'Change one setting, check all of them, and apply. A secret is read from the terminal or standard input, never an argument.',
    )
    .option('--no-apply', 'save only')
    .option('--json', 'write events as JSON, one object a line')
    .addHelpText(
      'after',
      '\nExamples:\n  unitctl settings set domain.name shop.example.org\n  unitctl settings set time.ntp "[192.0.2.1, 192.0.2.2]"\n  unitctl settings set mail.password < password.txt',
    )
    .action(ctl.run((session, path: string, value: string | undefined, options: ChangeOptions) => set(session, path, value, options)));
  settings
    .command('unset <path>')
    .description('Take one setting away: its default counts again, or nothing. A secret of the product is made anew.')
    .option('--no-apply', 'save only')
    .option('--json', 'write events as JSON, one object a line')
    .addHelpText('after', '\nExamples:\n  unitctl settings unset mail.user\n  unitctl settings unset mail.password --no-apply')
    .action(
      ctl.run(async (session, path: string, options: ChangeOptions) => {
        settingOf(path, await readProductSchema(session.system));
        return changeSettings(session, new Map([[path, undefined]]), options);
      }),
    );
  settings
    .command('edit')
    .description(
      'Change settings in an editor ($EDITOR, nano by default), check them, and apply. Secrets are left as they are unless given.',
    )
    .option('--no-apply', 'save only')
    .option('--json', 'write events as JSON, one object a line')
    .addHelpText('after', '\nExamples:\n  unitctl settings edit\n  EDITOR=vi unitctl settings edit --no-apply')
    .action(ctl.run((session, options: ChangeOptions) => edit(session, options)));
  settings
    .command('export')
    .description('Print the settings as an answers file, without secrets.')
    .option('--with-secrets', 'with the secrets, in clear')
    .option('--json', 'write JSON: the file is a text in it')
    .addHelpText(
      'after',
      '\nExamples:\n  unitctl settings export > answers.yaml\n  unitctl settings export --with-secrets | age -p > answers.age',
    )
    .action(
      ctl.run(async (session, options: { withSecrets?: boolean }) => {
        const productSchema = await readProductSchema(session.system);
        const { settings: known } = await knownSettings(session.system, productSchema);
        const heading = `Settings of this unit${options.withSecrets === true ? ', with their secrets' : ', without their secrets'}.`;
        const answers = answersOf(known, productSchema, { secrets: options.withSecrets === true, heading });
        session.emit({ type: 'result', command: 'settings export', data: { answers } });
        session.print(answers.trimEnd());
        return ExitCode.ok;
      }),
    );
}

async function set(session: Session, path: string, value: string | undefined, options: ChangeOptions): Promise<ExitCode> {
  const setting = settingOf(path, await readProductSchema(session.system));
  const secret = setting.schema.writeOnly === true;
  if (secret && value !== undefined) {
    throw new UnitError(`${path} is a secret: others could read it among the arguments`, {
      exitCode: ExitCode.usage,
      remedies: [`Leave the value out: it is asked for, or read from standard input (unitctl settings set ${path} < FILE).`],
    });
  }
  const text = value ?? (await session.ask(`${path}: `, { hidden: secret }));
  if (text === undefined) throw new UnitError(`no value was given for ${path}`, { exitCode: ExitCode.usage });
  if (secret) session.system.scrubber.register(text);
  return changeSettings(session, new Map([[path, parseValue(text, setting)]]), options);
}

/** The file is on a file system in memory, readable by root alone, and gone afterwards. */
const EDIT_FILE = '/run/unit/settings.yaml';

async function edit(session: Session, options: ChangeOptions): Promise<ExitCode> {
  const { system } = session;
  const productSchema = await readProductSchema(system);
  const { settings: known } = await knownSettings(system, productSchema);
  const heading = 'Settings of this unit. Secrets stay as they are unless they are given here. An empty file changes nothing.';
  const before = answersOf(known, productSchema, { secrets: false, heading });
  const file = system.path(EDIT_FILE);
  await writeFileAtomic(file, before, { mode: 0o600 });
  try {
    await system.run(session.editor, [file], { terminal: true });
    const after = await readIfExists(file);
    if (after === undefined || after.trim() === '' || after === before) {
      session.emit({ type: 'result', command: 'settings', data: { saved: [], applied: false } });
      session.print('Nothing was changed.');
      return ExitCode.ok;
    }
    return await changeSettings(session, differences(before, after, productSchema), options);
  } finally {
    await removeFile(file);
  }
}

/** What an edited answers file says otherwise. @throws UnitError for a file that is no YAML, or has what is no setting */
export function differences(before: string, after: string, productSchema: object | undefined): Map<string, unknown> {
  const [old, edited] = [parseAnswers(before, 'settings').data, parseAnswers(after, 'settings').data] as [object, object];
  const schema = answersSchema(productSchema);
  const strange = validateBy(schema, edited).filter(({ keyword }) => keyword === 'additionalProperties' || keyword === 'type');
  if (strange.length > 0)
    throw new UnitError('the settings do not fit this unit: nothing was changed', { exitCode: ExitCode.answers, problems: strange });
  const paths = settingsOf(schema).map(({ path }) => path);
  const changed = paths.filter((path) => JSON.stringify(settingAt(old, path)) !== JSON.stringify(settingAt(edited, path)));
  return new Map(changed.map((path) => [path, settingAt(edited, path)]));
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
