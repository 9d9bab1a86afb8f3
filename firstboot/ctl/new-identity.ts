import { ExitCode, UnitError } from '../kit/errors.ts';
import type { Ctl } from './cli.ts';

const IDENTITY = '/usr/lib/unit/identity';

export function register(ctl: Ctl): void {
  ctl.program
    .command('new-identity')
    .description(
      'Give a copy of this unit an identity of its own: machine id, SSH host keys, the certificate of the setup page. Restarts the machine.',
    )
    .option('--yes', 'yes, and restart now')
    .option('--json', 'write JSON')
    .addHelpText('after', '\nExamples:\n  unitctl new-identity --yes')
    .action(
      ctl.run(async ({ system, print, emit }, options: { yes?: boolean }) => {
        if (options.yes !== true) {
          throw new UnitError('who knows this machine by its SSH host keys will be warned, and it restarts', {
            exitCode: ExitCode.usage,
            remedies: ['`unitctl new-identity --yes` does it.'],
          });
        }
        await system.run(system.path(IDENTITY), ['new'], { onLine: print });
        emit({ type: 'result', command: 'new-identity', data: { restarts: true } });
        // Programs that run know the old machine id.
        await system.run('systemctl', ['reboot'], { onLine: print });
        return ExitCode.ok;
      }),
    );
}
