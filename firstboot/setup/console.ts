import { SETUP_UNITS } from '../contract/setup.ts';
import { ProgramError } from '../kit/errors.ts';
import type { System } from '../kit/system.ts';

/** What consoles show is written anew. Best effort, and not waited for. */
export async function refreshConsole(system: System): Promise<void> {
  await system.run('systemctl', ['restart', '--no-block', '--', SETUP_UNITS.consoleText]).catch((error: unknown) => {
    if (!(error instanceof ProgramError)) throw error;
  });
}
