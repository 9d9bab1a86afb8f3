import type { CheckFinding } from '../contract/helper.ts';
import { type Texts, textIn } from '../contract/texts.ts';
import { UNIT_PATHS } from '../contract/unit.ts';
import type { DoctorContext } from '../doctor/check.ts';
import { DOCTOR_CHECKS } from '../doctor/index.ts';
import { ExitCode, Interrupted, UnitError } from '../kit/errors.ts';
import { readIfExists } from '../kit/files.ts';
import type { System } from '../kit/system.ts';
import type { Ctl, Session } from './cli.ts';
import { exitCodeOf, findingLines } from './findings.ts';
import { knownSettings } from './known-settings.ts';
import { readProductSchema, readUnit } from './unit-files.ts';

export interface Examination {
  name: string;
  title: Texts;
  findings: CheckFinding[];
}

export function register(ctl: Ctl): void {
  ctl.program
    .command('doctor [check...]')
    .description(`Look for what is wrong, and say what to do about it. Checks: ${DOCTOR_CHECKS.map(({ name }) => name).join(', ')}.`)
    .option('--language <tag>', 'en, ja or ru', 'en')
    .option('--json', 'write JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  unitctl doctor\n  unitctl doctor disk certificates\n\nExit code: 1 where an error is found; warnings are none.',
    )
    .action(ctl.run((session, names: string[], options: { language: string }) => doctor(session, names, options.language)));
}

async function doctor(session: Session, names: readonly string[], language: string): Promise<ExitCode> {
  const unknown = names.find((name) => !DOCTOR_CHECKS.some((check) => check.name === name));
  if (unknown !== undefined) {
    throw new UnitError(`there is no check ${unknown}`, {
      exitCode: ExitCode.usage,
      remedies: [`There are: ${DOCTOR_CHECKS.map(({ name }) => name).join(', ')}.`],
    });
  }
  const results = await examine(session.system, names);
  session.emit({ type: 'result', command: 'doctor', data: results });
  for (const { title, findings } of results) {
    session.print(textIn(title, language));
    for (const finding of findings) for (const line of findingLines(finding, language)) session.print(`  ${line}`);
  }
  return exitCodeOf(results.flatMap(({ findings }) => findings));
}

/** What each check finds; all of them where no names are given. One that breaks is a finding, and no reason to stop. */
export async function examine(system: System, names: readonly string[] = []): Promise<Examination[]> {
  const context: DoctorContext = {
    system,
    unit: await readUnit(system),
    settings: await settingsIfAny(system),
    finalised: (await readIfExists(system.path(UNIT_PATHS.finalised))) !== undefined,
    now: Date.now(),
  };
  const wanted = DOCTOR_CHECKS.filter(({ name }) => names.length === 0 || names.includes(name));
  return Promise.all(
    wanted.map(async ({ name, title, run }) => {
      const findings = await run(context).catch((error: unknown): CheckFinding[] => {
        if (error instanceof Interrupted) throw error;
        return [broken(system.scrubber.scrub(error instanceof Error ? error.message : String(error)))];
      });
      return { name, title, findings };
    }),
  );
}

async function settingsIfAny(system: System): Promise<DoctorContext['settings']> {
  try {
    return (await knownSettings(system, await readProductSchema(system))).settings;
  } catch (error) {
    if (error instanceof UnitError) return undefined;
    throw error;
  }
}

function broken(reason: string): CheckFinding {
  return {
    severity: 'warning',
    message: { en: `This could not be looked at: ${reason}`, ja: `確認できませんでした: ${reason}`, ru: `Проверить не удалось: ${reason}` },
    remedy: {
      en: 'Look what is the matter with this program; other checks stand by themselves.',
      ja: 'このプログラムの状態を確認してください。他の確認には影響しません。',
      ru: 'Выясните, что с этой программой; на другие проверки это не влияет.',
    },
  };
}
