import { readIfExists } from '../kit/files.ts';
import type { System } from '../kit/system.ts';

/** Where a machine says that it is emulated and how much slower everything is; firstboot/system/wait-ready reads it too. */
export const TIMEOUT_FACTOR = '/run/unit/timeout-factor';

/** `seconds` times the factor of this machine. */
export async function scaledTimeout(system: System, seconds: number): Promise<number> {
  const text = ((await readIfExists(system.path(TIMEOUT_FACTOR))) ?? '1').trim();
  return /^[1-9][0-9]{0,2}$/.test(text) ? seconds * Number(text) : seconds;
}
