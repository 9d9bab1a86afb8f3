import { UNIT_PATHS, type Unit } from '../contract/unit.ts';
import { ExitCode, UnitError } from '../kit/errors.ts';
import { readIfExists } from '../kit/files.ts';
import { LOCK, lock } from '../kit/lock.ts';
import type { System } from '../kit/system.ts';
import { type Applied, beginReset, type ResetPorts, reset } from '../reset/run.ts';
import type { Ctl, Session } from './cli.ts';
import { prepare } from './prepared.ts';
import { readUnit } from './unit-files.ts';

interface Options {
  yesReally?: boolean;
  resume?: boolean;
  /** False with --no-reboot. */
  reboot: boolean;
}

export function register(ctl: Ctl): void {
  ctl.program
    .command('reset')
    .description(
      "Factory state: the product's data, settings, secrets, certificates, the administrator's account, host keys and machine-id are removed, and the unit restarts to be set up anew. Asks twice.",
    )
    .option('--yes-really', 'do not ask (for machines)')
    .option('--resume', 'go on with a reset that was interrupted; nothing to do is fine')
    .option('--no-reboot', 'do not restart at the end; the unit must be restarted before it is used')
    .option('--json', 'write JSON')
    .addHelpText('after', '\nExamples:\n  unitctl reset\n  unitctl reset --yes-really')
    .action(ctl.run((session, options: Options) => run(session, options)));
}

async function run(session: Session, options: Options): Promise<ExitCode> {
  const { system } = session;
  const unit = await readUnit(system);
  const begun = (await readIfExists(system.path(UNIT_PATHS.resetting))) !== undefined;
  if (options.resume === true && !begun) {
    session.emit({ type: 'result', command: 'reset', data: { reset: false, restarts: false } });
    session.print('There is no reset to go on with.');
    return ExitCode.ok;
  }
  if (!begun && options.yesReally !== true) await confirm(session, unit);
  const held = await lock(system, LOCK);
  try {
    const ports: ResetPorts = { system, unit, log: (line) => session.print(system.scrubber.scrub(line)) };
    await beginReset(ports);
    await reset(ports, await applied(session, system));
  } finally {
    await held.release();
  }
  session.emit({ type: 'result', command: 'reset', data: { reset: true, restarts: options.reboot } });
  session.print(options.reboot ? 'This unit is in factory state, and restarts now.' : 'This unit is in factory state: restart it.');
  if (options.reboot) await system.run('systemctl', ['reboot']);
  return ExitCode.ok;
}

/** The name first, so that it is the right unit; then the will. @throws UnitError where either is not given */
async function confirm(session: Session, unit: Unit): Promise<void> {
  session.print(`This removes everything that ${unit.title.en} keeps: ${stateWords(unit)}settings, secrets, accounts and keys.`);
  const name = await session.ask(`Type the name of the product (${unit.name}) to go on: `);
  const will = name?.trim() === unit.name ? await session.ask('There is no way back. Type yes to remove it all: ') : undefined;
  if (will?.trim() === 'yes') return;
  throw new UnitError('nothing was reset', {
    exitCode: ExitCode.usage,
    remedies: ['Answer both questions, or call it with --yes-really.'],
  });
}

function stateWords({ state }: Unit): string {
  return Object.values(state)
    .map(({ path }) => `${path}, `)
    .join('');
}

/** What there is to undo. Settings that do not fit this release any more are removed all the same. */
async function applied(session: Session, system: System): Promise<Applied | undefined> {
  if ((await readIfExists(system.path(UNIT_PATHS.settings))) === undefined) return undefined;
  try {
    const { plan, settings, facts } = await prepare(system, undefined);
    return { plan, settings, secretSettings: facts.secretSettings };
  } catch (error) {
    if (!(error instanceof UnitError)) throw error;
    session.print(`What the settings made cannot be found out: ${error.message}`);
    return undefined;
  }
}
