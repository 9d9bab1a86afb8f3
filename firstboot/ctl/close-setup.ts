import { SETUP_PATHS } from '../contract/setup.ts';
import { ExitCode, UnitError } from '../kit/errors.ts';
import { LOCK, lock } from '../kit/lock.ts';
import { closeSetup, openSetup } from '../setup/lifecycle.ts';
import { exists } from '../setup/state.ts';
import type { Ctl, Session } from './cli.ts';
import { mustBeFinalised } from './open-setup.ts';

/** Seconds that a short change of the unit is waited for. */
const PATIENCE = 3;
/** Minutes until it is tried again where a run holds the unit. */
const LATER = 5;

export function register(ctl: Ctl): void {
  ctl.program
    .command('close-setup')
    .description('Close the setup page of a unit that is finalised, before its time is over. Waits for a run to end.')
    .option('--json', 'write JSON')
    .addHelpText('after', '\nExamples:\n  unitctl close-setup\n\nExit code: 5 where a run is under way: it is closed later, by itself.')
    .action(ctl.run(close));
}

async function close(session: Session): Promise<ExitCode> {
  const { system } = session;
  await mustBeFinalised(session);
  const held = await lock(system, LOCK, PATIENCE).catch((error: unknown) => postpone(session, error));
  try {
    await closeSetup(system, (line) => session.print(line));
  } finally {
    await held.release();
  }
  session.emit({ type: 'result', command: 'close-setup', data: { open: false } });
  return ExitCode.ok;
}

/** The page of whoever watches a run must not go in the middle of it. @throws `error` */
async function postpone({ system, print }: Session, error: unknown): Promise<never> {
  if (error instanceof UnitError && error.exitCode === ExitCode.busy && (await exists(system, SETUP_PATHS.open))) {
    await openSetup(system, LATER, print);
    print(`A run is under way: setup is closed in ${LATER} minutes.`);
  }
  throw error;
}
