import { serve } from '../helper/server.ts';
import { ExitCode, UnitError } from '../kit/errors.ts';
import type { Ctl } from './cli.ts';

/** sd_listen_fds(3): the first descriptor that systemd hands over. */
const FIRST_SOCKET = 3;

export function register(ctl: Ctl): void {
  ctl.program
    .command('helper', { hidden: true })
    .description('Does for the setup page what needs root. Started by unit-helper.socket.')
    .option('--idle <seconds>', 'ends after so long without a request', '60')
    .addHelpText('after', '\nExamples:\n  unitctl helper')
    .action(
      ctl.run(async (session, options: { idle: string }) => {
        if (process.env['LISTEN_FDS'] !== '1') {
          throw new UnitError('the helper is started by its socket', {
            exitCode: ExitCode.usage,
            remedies: ['systemctl start unit-helper.socket'],
          });
        }
        await serve(session.system, { listen: { fd: FIRST_SOCKET }, idle: Number(options.idle), note: (line) => session.print(line) });
        return ExitCode.ok;
      }),
    );
}
