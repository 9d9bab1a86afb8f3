import { InvalidArgumentError } from 'commander';

import { LATER_PORT } from '../contract/setup.ts';
import { UNIT_PATHS } from '../contract/unit.ts';
import { ExitCode, UnitError } from '../kit/errors.ts';
import { ownAddresses } from '../setup/addresses.ts';
import { fingerprint } from '../setup/certificate.ts';
import { formatCode, newCode } from '../setup/claim-code.ts';
import { refreshConsole } from '../setup/console.ts';
import { closeSetup, openSetup, RESULT_MINUTES, reloadFirewall } from '../setup/lifecycle.ts';
import { exists } from '../setup/state.ts';
import { inUrl } from '../setup/urls.ts';
import type { Ctl, Session } from './cli.ts';

const DAY = 24 * 60;

export function register(ctl: Ctl): void {
  ctl.program
    .command('open-setup')
    .description(`Open the setup page again, at port ${LATER_PORT}, with a new one-time code and for a limited time.`)
    .option('--minutes <number>', 'how long', minutes, RESULT_MINUTES)
    .option('--json', 'write JSON')
    .addHelpText('after', '\nExamples:\n  unitctl open-setup\n  unitctl open-setup --minutes 60')
    .action(ctl.run(open));
}

async function open(session: Session, options: { minutes: number }): Promise<ExitCode> {
  const { system } = session;
  const log = (line: string): void => session.print(line);
  await mustBeFinalised(session);
  // Sessions of before end with the page: the code has to be entered anew.
  await closeSetup(system, log);
  const code = await newCode(system);
  await openSetup(system, options.minutes, log);
  await reloadFirewall(system, log);
  await refreshConsole(system);
  const data = {
    urls: ownAddresses().map((address) => `https://${inUrl(address)}:${LATER_PORT}/`),
    code: formatCode(code),
    fingerprint: await fingerprint(system),
    minutes: options.minutes,
  };
  session.emit({ type: 'result', command: 'open-setup', data });
  session.print(['Setup is open for', `${data.minutes} minutes:`, ...data.urls].join(' '));
  session.print(`Code: ${data.code}`);
  session.print(`Certificate (SHA-256): ${data.fingerprint}`);
  return ExitCode.ok;
}

/** @throws UnitError where the page is open anyway */
export async function mustBeFinalised({ system }: Session): Promise<void> {
  if (await exists(system, UNIT_PATHS.finalised)) return;
  throw new UnitError('this unit is not finalised: its setup page is open', {
    exitCode: ExitCode.unit,
    remedies: ['`unitctl code` shows the code.'],
  });
}

function minutes(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= DAY) return value;
  throw new InvalidArgumentError(`A number of minutes from 1 to ${DAY}.`);
}
