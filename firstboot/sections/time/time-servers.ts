/** Where the time comes from: timesyncd.conf(5). */

import { DONE, due } from '../../apply/change.ts';
import { readIfExists, removeFile, writeFileAtomic } from '../../kit/files.ts';
import type { BeginChange } from '../changes.ts';

const DROP_IN = '/etc/systemd/timesyncd.conf.d/50-unit.conf';
const SERVICE = 'systemd-timesyncd.service';

type P = { servers: readonly string[] };

export const timeServers: BeginChange<P> = {
  title: { en: 'Time servers', ja: 'タイムサーバー', ru: 'Серверы времени' },
  words: ({ servers }) =>
    servers.length === 0
      ? {
          en: 'The time comes from the servers that the network names, or from those of Debian.',
          ja: 'ネットワークが示すサーバー、または Debian のサーバーと時刻を同期します。',
          ru: 'Время берётся с серверов, которые называет сеть, или с серверов Debian.',
        }
      : {
          en: `The time comes from ${servers.join(', ')}.`,
          ja: `${servers.join('、')} と時刻を同期します。`,
          ru: `Время берётся с ${servers.join(', ')}.`,
        },

  parameters({ time: { ntp } }) {
    return { servers: ntp ?? [] };
  },

  async check({ servers }, { system, appliedBefore }) {
    const text = await readIfExists(system.path(DROP_IN));
    if (servers.length === 0) return text === undefined ? DONE : due('servers are named that were asked for before');
    if (text !== dropIn(servers)) return due('the time comes from elsewhere');
    // A run may have been killed between the file and the restart.
    return appliedBefore ? DONE : due(`${SERVICE} may not have read its servers yet`);
  },

  async apply({ servers }, { system, log }) {
    const path = system.path(DROP_IN);
    await writeFileAtomic(path, servers.length === 0 ? '' : dropIn(servers));
    // Only where it runs: an owner may have another program for the time.
    await system.run('systemctl', ['try-restart', '--', SERVICE], { onLine: log });
    // Last, so that a run that is killed before the restart finds something to do.
    if (servers.length === 0) await removeFile(path);
  },

  reset: (_wanted, context) => timeServers.apply({ servers: [] }, context),
};

function dropIn(servers: readonly string[]): string {
  return `[Time]\nNTP=${servers.join(' ')}\n`;
}
