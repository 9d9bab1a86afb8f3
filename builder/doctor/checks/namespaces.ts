/** An ordinary user needs a range of user ids and the right to make a user namespace (subuid(5), user_namespaces(7)). */
import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';

import { run } from '../../kit/command.ts';
import { ToolError } from '../../kit/errors.ts';
import { isRoot } from '../../tools/namespace.ts';
import type { HostCheck, Lack } from '../check.ts';
import { findProgram } from './program.ts';

/** Debian's adduser gives so many; an image's ids go up to 65534. */
const ENOUGH = 65536;

export const subordinateIdsCheck: HostCheck = {
  name: 'subordinate-ids',
  purpose: 'lets an ordinary user make files of other users',
  async look(ctx) {
    if (isRoot()) return undefined;
    if ((await findProgram(ctx, 'newuidmap')) === undefined) {
      return { severity: 'error', message: 'newuidmap is not installed (it gives an ordinary user more ids)', packages: ['uidmap'] };
    }
    const { username, uid } = userInfo();
    for (const file of ['/etc/subuid', '/etc/subgid']) {
      const text = await readFile(file, 'utf8').catch(() => '');
      if (countIds(text, username, uid) < ENOUGH) return tooFewIds(file, username);
    }
    return undefined;
  },
};

function tooFewIds(file: string, user: string): Lack {
  return {
    severity: 'error',
    message: `${file} gives ${user} no range of ${ENOUGH} ids`,
    remedies: [`sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${user}`],
  };
}

/** Largest range that belongs to a user, by name or number. */
export function countIds(text: string, user: string, uid: number): number {
  const ranges = text
    .split('\n')
    .map((line) => line.split(':'))
    .filter(([owner]) => owner === user || owner === String(uid))
    .map(([, , count]) => Number(count));
  return Math.max(0, ...ranges);
}

export const userNamespacesCheck: HostCheck = {
  name: 'user-namespaces',
  purpose: 'installs packages without being root',
  async look(ctx) {
    if (isRoot() || (await findProgram(ctx, 'unshare')) === undefined || (await findProgram(ctx, 'newuidmap')) === undefined)
      return undefined;
    try {
      await run(ctx, 'unshare', ['--map-auto', '--map-root-user', '--mount', '--net', '--', 'true'], { timeout: 30, quiet: true });
      return undefined;
    } catch (error) {
      if (!(error instanceof ToolError)) throw error;
      return {
        severity: 'error',
        message: `user namespaces do not work here: ${error.failure.tail.at(-1)?.trim() ?? error.message}`,
        remedies: [
          'Debian: sudo sysctl -w kernel.unprivileged_userns_clone=1',
          'Ubuntu 24.04 and later: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0',
          'or run the command as root',
        ],
      };
    }
  },
};
