import { ExitCode } from '../kit/errors.ts';
import { closeSetup } from '../setup/lifecycle.ts';
import type { Ctl } from './cli.ts';
import { mustBeFinalised } from './open-setup.ts';

export function register(ctl: Ctl): void {
  ctl.program
    .command('close-setup')
    .description('Close the setup page of a unit that is finalised, before its time is over.')
    .option('--json', 'write JSON')
    .addHelpText('after', '\nExamples:\n  unitctl close-setup')
    .action(
      ctl.run(async (session) => {
        await mustBeFinalised(session);
        await closeSetup(session.system, (line) => session.print(line));
        session.emit({ type: 'result', command: 'close-setup', data: { open: false } });
        return ExitCode.ok;
      }),
    );
}
