/** Security updates by themselves, or not: apt.conf(5), unattended-upgrade(8). */
import { DONE, due } from '../../apply/change.ts';
import { readIfExists, writeFileAtomic } from '../../kit/files.ts';
import type { BeginChange } from '../changes.ts';
import type { Updates } from './schema.ts';

/** After 20auto-upgrades of the image, and what the package has at 50. */
const FILE = '/etc/apt/apt.conf.d/60unit-updates';

type P = Updates & Record<string, unknown>;

export const automaticUpdates: BeginChange<P> = {
  aside: true,
  title: { en: 'Updates', ja: '更新', ru: 'Обновления' },
  words: ({ automatic, rebootAt }) => {
    if (automatic === false) {
      return {
        en: 'Security updates are not installed by themselves.',
        ja: 'セキュリティ更新は自動適用しません。',
        ru: 'Обновления безопасности не устанавливаются автоматически.',
      };
    }
    return {
      en: `Security updates are installed by themselves${rebootAt === undefined ? '' : `; the unit restarts at ${rebootAt} where they need it`}.`,
      ja: `セキュリティ更新を自動適用します${rebootAt === undefined ? '' : `。必要な場合は ${rebootAt} に再起動します`}。`,
      ru: `Обновления безопасности устанавливаются автоматически${rebootAt === undefined ? '' : `; если нужно, узел перезагружается в ${rebootAt}`}.`,
    };
  },

  parameters({ updates }) {
    return { ...updates };
  },

  async check(wanted, { system }) {
    return (await readIfExists(system.path(FILE))) === configuration(wanted) ? DONE : due('the settings of updates are others');
  },

  async apply(wanted, { system }) {
    await writeFileAtomic(system.path(FILE), configuration(wanted));
  },
};

function configuration({ automatic = true, rebootAt }: Updates): string {
  return [
    '// Written by unitctl from the settings below `updates`.',
    `APT::Periodic::Unattended-Upgrade "${automatic ? 1 : 0}";`,
    `Unattended-Upgrade::Automatic-Reboot "${rebootAt !== undefined}";`,
    ...(rebootAt === undefined ? [] : [`Unattended-Upgrade::Automatic-Reboot-Time "${rebootAt}";`]),
    '',
  ].join('\n');
}
