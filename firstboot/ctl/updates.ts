import { ExitCode } from '../kit/errors.ts';
import { readUpdates } from '../sections/updates/state.ts';
import type { Ctl, Session } from './cli.ts';
import { changeSettings } from './settings-change.ts';

export function register(ctl: Ctl): void {
  const updates = ctl.program.command('updates').description('Security updates of the system.');
  updates
    .command('status', { isDefault: true })
    .description('Show what is pending, as far as apt knows without a network.')
    .option('--json', 'write JSON')
    .addHelpText('after', '\nExamples:\n  unitctl updates\n  unitctl updates status --json')
    .action(ctl.run(status));
  for (const [verb, automatic] of [
    ['on', true],
    ['off', false],
  ] as const) {
    updates
      .command(verb)
      .description(`Security updates are ${automatic ? '' : 'not '}installed by themselves from now on (updates.automatic).`)
      .option('--no-apply', 'save only')
      .option('--json', 'write events as JSON, one object a line')
      .addHelpText('after', `\nExamples:\n  unitctl updates ${verb}`)
      .action(
        ctl.run((session, options: { apply: boolean }) => changeSettings(session, new Map([['updates.automatic', automatic]]), options)),
      );
  }
  updates
    .command('run')
    .description('Fetch the lists and install security updates now. Needs a way to the archive.')
    .option('--json', 'write JSON')
    .addHelpText('after', '\nExamples:\n  unitctl updates run')
    .action(ctl.run(run));
}

async function status(session: Session): Promise<ExitCode> {
  const state = await readUpdates(session.system);
  session.emit({ type: 'result', command: 'updates status', data: state });
  session.print(`by themselves: ${state.automatic ? 'on' : 'off'}`);
  session.print(`lists fetched: ${state.checked === undefined ? 'never' : new Date(state.checked).toISOString()}`);
  session.print(`restart needed: ${state.rebootRequired ? 'yes' : 'no'}`);
  session.print(`pending: ${state.security.length === 0 ? 'none' : ''}`.trimEnd());
  for (const { name, version } of state.security) session.print(`  ${name} ${version}`);
  return ExitCode.ok;
}

/** As the daily timers do it: what is not a security update stays. */
async function run(session: Session): Promise<ExitCode> {
  const onLine = (line: string): void => session.print(line);
  await session.system.run('apt-get', ['--quiet', 'update'], { onLine });
  await session.system.run('unattended-upgrade', ['--verbose'], { onLine });
  return status(session);
}
