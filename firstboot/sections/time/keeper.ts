/** What sets the clock by time servers. Debian allows one such program on a machine; an image that names none has systemd's. */
import { stat } from 'node:fs/promises';

import { ignoreMissing } from '../../kit/files.ts';
import type { System } from '../../kit/system.ts';

export interface Keeper {
  service: string;
  /** A file of ours with the owner's servers. */
  file: string;
  /** Its text. */
  text(servers: readonly string[]): string;
  /** Servers that it asks now. @throws ProgramError where it does not say */
  inUse(system: System): Promise<string[]>;
}

/** timesyncd.conf(5). */
const timesyncd: Keeper = {
  service: 'systemd-timesyncd.service',
  file: '/etc/systemd/timesyncd.conf.d/50-unit.conf',
  text: (servers) => `[Time]\nNTP=${servers.join(' ')}\n`,
  /** Those that the network names, else those of the distribution: timedatectl(1). */
  async inUse(system) {
    const { stdout } = await system.run('timedatectl', ['show-timesync', '--all'], { timeout: 10 });
    const value = (name: string): string[] =>
      (new RegExp(`^${name}=(.+)$`, 'm').exec(stdout)?.[1] ?? '').split(' ').filter((each) => each !== '');
    const own = [...value('LinkNTPServers'), ...value('SystemNTPServers')];
    return own.length > 0 ? own : value('FallbackNTPServers');
  },
};

/** chrony.conf(5). Debian's own servers stay in its configuration: those of the owner count more, and are believed against them. */
const chrony: Keeper = {
  service: 'chrony.service',
  file: '/etc/chrony/sources.d/50-unit.sources',
  text: (servers) => servers.map((server) => `server ${server} iburst prefer trust\n`).join(''),
  /** By the names that they were given by; a pool is several of one name: chronyc(1). */
  async inUse(system) {
    const { stdout } = await system.run('chronyc', ['-c', '-N', 'sources', '-a'], { timeout: 10 });
    const names = stdout.split('\n').map((line) => line.split(',')[2] ?? '');
    return [...new Set(names)].filter((name) => name !== '');
  },
};

export async function keeperOf(system: System): Promise<Keeper> {
  return (await stat(system.path('/usr/sbin/chronyd')).catch(ignoreMissing)) === undefined ? timesyncd : chrony;
}
