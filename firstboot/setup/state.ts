/** Whether the setup page may be there at all: what is on disk says so, not a flag of the page. */
import { access } from 'node:fs/promises';

import { SETUP_PATHS } from '../contract/setup.ts';
import { UNIT_PATHS } from '../contract/unit.ts';
import { readIfExists } from '../kit/files.ts';
import type { System } from '../kit/system.ts';

export async function exists(system: System, path: string): Promise<boolean> {
  return access(system.path(path)).then(
    () => true,
    () => false,
  );
}

/** Seconds of CLOCK_BOOTTIME, which no clock setting changes: what files of /run count in. */
export async function bootSeconds(): Promise<number> {
  return Number(((await readIfExists('/proc/uptime')) ?? '0').split(' ')[0]);
}

/**
 * Whether a code makes somebody the owner now. Not while an owner is shown the result: a code that was read before is worth nothing
 * by then, and opening setup again makes another.
 */
export async function takesCodes(system: System): Promise<boolean> {
  if (!(await setupIsOpen(system))) return false;
  const settled = (await exists(system, UNIT_PATHS.finalised)) && !(await exists(system, UNIT_PATHS.unfinished));
  return !settled || !(await exists(system, SETUP_PATHS.claimed));
}

/** True until the unit is finalised, and then for as long as the result is shown or the owner has opened setup again. */
export async function setupIsOpen(system: System): Promise<boolean> {
  if (!(await exists(system, UNIT_PATHS.finalised))) return true;
  const until = await readIfExists(system.path(SETUP_PATHS.open));
  return until !== undefined && Number(until) > (await bootSeconds());
}
