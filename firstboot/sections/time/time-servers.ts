/** Where the time comes from. */
import { DONE, due } from '../../apply/change.ts';
import { readIfExists, removeFile, writeFileAtomic } from '../../kit/files.ts';
import type { BeginChange } from '../changes.ts';
import { keeperOf } from './keeper.ts';

type P = { servers: readonly string[] };

export const timeServers: BeginChange<P> = {
  title: { en: 'Time servers', ja: 'タイムサーバー', ru: 'Серверы времени' },
  words: ({ servers }) =>
    servers.length === 0
      ? {
          en: 'No time servers are named: the time comes from those that the system has by itself.',
          ja: 'タイムサーバーの指定がないため、システム既定のサーバーと時刻を同期します。',
          ru: 'Серверы времени не заданы: время берётся с тех, что есть у самой системы.',
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
    const { file, service, text: wanted } = await keeperOf(system);
    const text = await readIfExists(system.path(file));
    if (servers.length === 0) return text === undefined ? DONE : due('servers are named that were asked for before');
    if (text !== wanted(servers)) return due('the time comes from elsewhere');
    // A run may have been killed between the file and the restart.
    return appliedBefore ? DONE : due(`${service} may not have read its servers yet`);
  },

  async apply({ servers }, { system, log }) {
    const { file, service, text } = await keeperOf(system);
    const path = system.path(file);
    await writeFileAtomic(path, servers.length === 0 ? '' : text(servers));
    // Only where it runs: an owner may have another program for the time.
    await system.run('systemctl', ['try-restart', '--', service], { onLine: log });
    // Last, so that a run that is killed before the restart finds something to do.
    if (servers.length === 0) await removeFile(path);
  },

  reset: (_wanted, context) => timeServers.apply({ servers: [] }, context),
};
