/** What an administrator's account is: login.defs(5), sudoers(5). */
import type { Account } from '../../kit/system.ts';

/** sudo skips files whose name has a dot: a partial one is never read. */
export const SUDOERS = '/etc/sudoers.d/50-unit-administrator';

/** UID_MIN and UID_MAX of Debian's login.defs(5). */
const PEOPLE = { first: 1000, last: 60_000 };

/** Whether it is no account that the system uses itself. */
export function isPerson({ uid }: Account): boolean {
  return uid >= PEOPLE.first && uid <= PEOPLE.last;
}
