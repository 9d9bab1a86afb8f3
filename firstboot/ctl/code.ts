import { ExitCode, UnitError } from '../kit/errors.ts';
import { currentCode, formatCode, newCode } from '../setup/claim-code.ts';
import { refreshConsole } from '../setup/console.ts';
import { setupIsOpen, takesCodes } from '../setup/state.ts';
import type { Ctl, Session } from './cli.ts';

export function register(ctl: Ctl): void {
  ctl.program
    .command('code')
    .description('Show the one-time code that the setup page asks for.')
    .option('--new', 'make another; the one before opens nothing any more, and wrong entries are forgotten')
    .option('--json', 'write JSON')
    .addHelpText('after', '\nExamples:\n  unitctl code\n  unitctl code --new')
    .action(ctl.run(code));
}

async function code(session: Session, options: { new?: boolean }): Promise<ExitCode> {
  const { system } = session;
  if (!(await setupIsOpen(system))) {
    throw new UnitError('setup of this unit is closed: no code opens it', {
      exitCode: ExitCode.unit,
      remedies: ['`unitctl open-setup` opens it again, for a limited time.'],
    });
  }
  if (!(await takesCodes(system))) {
    throw new UnitError('this unit is set up and has an owner: no code opens it', {
      exitCode: ExitCode.unit,
      remedies: ['`unitctl open-setup` ends the session of before and makes a new code.'],
    });
  }
  const shown = options.new === true ? await newCode(system) : await currentCode(system, (line) => session.print(line));
  if (options.new === true) await refreshConsole(system);
  if (shown === undefined) {
    throw new UnitError('the code was used: this unit has an owner', {
      exitCode: ExitCode.unit,
      remedies: ['`unitctl code --new` makes another, for whoever lost the session.'],
    });
  }
  session.emit({ type: 'result', command: 'code', data: { code: formatCode(shown) } });
  session.print(formatCode(shown));
  return ExitCode.ok;
}
