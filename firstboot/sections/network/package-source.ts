/** Where packages come from: an HTTP proxy (apt.conf(5)) and a mirror (sources.list(5)). */
import { DONE, due } from '../../apply/change.ts';
import { ExitCode, UnitError } from '../../kit/errors.ts';
import { readIfExists, removeFile, writeFileAtomic } from '../../kit/files.ts';
import type { BeginChange } from '../changes.ts';

const PROXY_FILE = '/etc/apt/apt.conf.d/60unit-proxy';
const SOURCES = '/etc/apt/sources.list';
const MIRROR_FILE = '/etc/apt/sources.list.d/unit-mirror.sources';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
/** Before a line that the mirror stands in for: without the mark it is what it was. */
const MARK = '# network.mirror stands in for: ';
/** The archive itself, not that of security updates. */
const ARCHIVE = /^(deb|deb-src)\s+(?:\[[^\]]*\]\s+)?https?:\/\/deb\.debian\.org\/debian\/?\s+(\S+)\s+(\S.*)$/;

type P = { proxy?: string; mirror?: string };

export const packageSource: BeginChange<P> = {
  title: { en: 'Package source', ja: 'パッケージの取得元', ru: 'Источник пакетов' },
  words({ proxy, mirror }) {
    const en = [
      mirror === undefined ? "Packages come from Debian's own archive" : `Packages come from ${mirror}`,
      proxy === undefined ? '' : ` by the proxy ${proxy}`,
    ];
    const ja = [
      mirror === undefined ? 'パッケージは Debian のアーカイブから取得' : `パッケージは ${mirror} から取得`,
      proxy === undefined ? '' : `(プロキシ ${proxy})`,
    ];
    const ru = [
      mirror === undefined ? 'Пакеты берутся из архива Debian' : `Пакеты берутся с ${mirror}`,
      proxy === undefined ? '' : ` через прокси ${proxy}`,
    ];
    return { en: `${en.join('')}.`, ja: `${ja.join('')}。`, ru: `${ru.join('')}.` };
  },

  parameters({ network: { proxy = '', mirror = '' } }) {
    return { ...(proxy === '' ? {} : { proxy }), ...(mirror === '' ? {} : { mirror: mirror.replace(/\/+$/, '') }) };
  },

  async check({ proxy, mirror }, { system }) {
    if ((await readIfExists(system.path(PROXY_FILE))) !== proxyFile(proxy)) return due('the proxy is another');
    const sources = (await readIfExists(system.path(SOURCES))) ?? '';
    const wanted = withMirror(sources, mirror);
    if ((await readIfExists(system.path(MIRROR_FILE))) !== wanted.mirror) return due('the mirror is another');
    return wanted.sources === sources ? DONE : due(`${SOURCES} has other lines`);
  },

  async apply({ proxy, mirror }, { system }) {
    const config = proxyFile(proxy);
    if (config === undefined) await removeFile(system.path(PROXY_FILE));
    else await writeFileAtomic(system.path(PROXY_FILE), config);
    const sources = (await readIfExists(system.path(SOURCES))) ?? '';
    const wanted = withMirror(sources, mirror);
    if (mirror !== undefined && wanted.mirror === undefined) {
      throw new UnitError(`${SOURCES} has no line for Debian's own archive, which the mirror could stand in for`, {
        exitCode: ExitCode.step,
        remedies: ['Leave network.mirror empty, and keep the mirror in your own sources of apt.'],
      });
    }
    // There is a source at every moment: twice the same for one, rather than none.
    if (wanted.mirror !== undefined) await writeFileAtomic(system.path(MIRROR_FILE), wanted.mirror);
    if (wanted.sources !== sources) await writeFileAtomic(system.path(SOURCES), wanted.sources);
    if (wanted.mirror === undefined) await removeFile(system.path(MIRROR_FILE));
  },

  reset: (_wanted, context) => packageSource.apply({}, context),
};

function proxyFile(proxy: string | undefined): string | undefined {
  return proxy === undefined ? undefined : `Acquire::http::Proxy "${proxy}";\nAcquire::https::Proxy "${proxy}";\n`;
}

/** sources.list with the archive's lines marked, and the file (deb822) of the mirror; both as without one where there is none. */
export function withMirror(text: string, mirror: string | undefined): { sources: string; mirror: string | undefined } {
  const lines = text.split('\n').map((line) => (line.startsWith(MARK) ? line.slice(MARK.length) : line));
  if (mirror === undefined) return { sources: lines.join('\n'), mirror: undefined };
  const stanzas = lines.flatMap((line) => {
    const [, type, suite, components] = ARCHIVE.exec(line) ?? [];
    if (type === undefined) return [];
    return [`Types: ${type}\nURIs: ${mirror}\nSuites: ${suite}\nComponents: ${components?.trim()}\nSigned-By: ${KEYRING}\n`];
  });
  const marked = lines.map((line) => (ARCHIVE.test(line) ? `${MARK}${line}` : line));
  return {
    sources: marked.join('\n'),
    mirror: stanzas.length === 0 ? undefined : `# network.mirror of the settings of this unit.\n${stanzas.join('\n')}`,
  };
}
