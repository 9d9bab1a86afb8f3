/** The time zone: localtime(5), and /etc/timezone for the programs that read that. */
import { readlink, rename, rm, stat, symlink } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { DONE, due } from '../../apply/change.ts';
import { ExitCode, UnitError } from '../../kit/errors.ts';
import { ignoreMissing, readIfExists, syncFolder, writeFileAtomic } from '../../kit/files.ts';
import { RULE_TEXTS } from '../../settings/rule-texts.ts';
import type { BeginChange } from '../changes.ts';

const LOCALTIME = '/etc/localtime';
/** Not on every Debian; where it is, it must not contradict the link. */
const NAME_FILE = '/etc/timezone';
const ZONES = '/usr/share/zoneinfo';

type P = { zone: string };

export const timeZone: BeginChange<P> = {
  title: { en: 'Time zone', ja: 'タイムゾーン', ru: 'Часовой пояс' },
  words: ({ zone }) => ({
    en: `The time zone is ${zone}.`,
    ja: `タイムゾーンを ${zone} にします。`,
    ru: `Часовой пояс: ${zone}.`,
  }),

  parameters({ time: { zone } }) {
    return zone === undefined ? undefined : { zone };
  },

  async check({ zone }, { system }) {
    const link = await readlink(system.path(LOCALTIME)).catch(noLink);
    if (link === undefined || resolve(dirname(LOCALTIME), link) !== join(ZONES, zone)) return due('the time zone is another');
    const named = await readIfExists(system.path(NAME_FILE));
    return named === undefined || named.trim() === zone ? DONE : due(`${NAME_FILE} names another`);
  },

  async apply({ zone }, { system }) {
    const file = join(ZONES, zone);
    if ((await stat(system.path(file)).catch(ignoreMissing)) === undefined) {
      throw new UnitError(`this unit does not know the time zone ${zone}`, {
        exitCode: ExitCode.step,
        texts: RULE_TEXTS.zoneUnknown,
        remedies: ['`timedatectl list-timezones` lists those that it knows: an old name may have a newer one.'],
      });
    }
    // A name of its own, then rename(2): there is a time zone at every moment.
    const partial = system.path(`${LOCALTIME}.partial`);
    await rm(partial, { force: true });
    await symlink(relative(dirname(LOCALTIME), file), partial);
    await rename(partial, system.path(LOCALTIME));
    await syncFolder(system.path(dirname(LOCALTIME)));
    const nameFile = system.path(NAME_FILE);
    if ((await readIfExists(nameFile)) !== undefined) await writeFileAtomic(nameFile, `${zone}\n`);
  },

  reset: (_wanted, context) => timeZone.apply({ zone: 'Etc/UTC' }, context),
};

/** A plain file is no link to a zone (EINVAL). */
function noLink(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'EINVAL') return ignoreMissing(error);
}
