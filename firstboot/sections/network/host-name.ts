/** The host's name: hostname(5), and hosts(5) so that it can be looked up without a network. */

import { DONE, due } from '../../apply/change.ts';
import { readIfExists, removeFile, writeFileAtomic } from '../../kit/files.ts';
import type { System } from '../../kit/system.ts';
import type { BeginChange } from '../changes.ts';

const HOSTS = '/etc/hosts';
/** Where an image has no such file. */
const LOCALHOST = '127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n';
/** Debian's address for the host's own name (Debian reference, 5.1.1): `localhost` keeps its lines, whatever the name. */
const OWN_LINE = /^127\.0\.1\.1[ \t].*(\n|$)/gm;

type P = { name: string };

export const hostName: BeginChange<P> = {
  title: { en: 'Host name', ja: 'ホスト名', ru: 'Имя узла' },
  words: ({ name }) => ({
    en: `The host is named ${name}.`,
    ja: `ホスト名を ${name} にします。`,
    ru: `Узел получает имя ${name}.`,
  }),

  parameters({ network: { hostName: name } }) {
    return name === undefined ? undefined : { name };
  },

  async check({ name }, { system }) {
    if ((await readIfExists(system.path('/etc/hostname')))?.trim() !== name) return due('the host has another name');
    const hosts = await readHosts(system);
    return hosts === withOwnName(hosts, name) ? DONE : due(`${HOSTS} does not have the name`);
  },

  async apply({ name }, { system, log }) {
    // Before the name itself: programs look up the new one at once.
    await writeFileAtomic(system.path(HOSTS), withOwnName((await readHosts(system)) ?? LOCALHOST, name));
    await system.run('hostnamectl', ['set-hostname', '--', name], { onLine: log });
  },

  async reset(_wanted, { system }) {
    await removeFile(system.path('/etc/hostname'));
    await writeFileAtomic(system.path(HOSTS), ((await readHosts(system)) ?? LOCALHOST).replace(OWN_LINE, ''));
  },
};

async function readHosts(system: System): Promise<string | undefined> {
  return readIfExists(system.path(HOSTS));
}

/** The file with one line for the name, and all others as they were. */
function withOwnName(hosts = '', name: string): string {
  const line = `127.0.1.1 ${name}\n`;
  const others = hosts.replace(OWN_LINE, '');
  return `${others}${others === '' || others.endsWith('\n') ? '' : '\n'}${line}`;
}
