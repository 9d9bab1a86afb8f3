/**
 * The firewall's rules where an answer decides on them: the unit's role, or addresses that alone may reach a port. They are in
 * force when the run ends (finish/firewall.ts), with all that they protect.
 */
import { isIP } from 'node:net';

import { firewallFiles, type OpenPort } from '../../contract/firewall.ts';
import type { UnitFile } from '../../contract/ordering.ts';
import type { Port } from '../../contract/unit.ts';
import { ExitCode, UnitError } from '../../kit/errors.ts';
import { writeFileAtomic } from '../../kit/files.ts';
import type { BeginChange } from '../../sections/changes.ts';
import { type Settings, settingAt } from '../../settings/index.ts';
import { DONE, due } from '../change.ts';
import { differing } from '../differing.ts';

interface P extends Record<string, unknown> {
  files: readonly UnitFile[];
}

export const firewallRules: BeginChange<P> = {
  aside: true,
  title: { en: 'Rules of the firewall', ja: 'ファイアウォールの規則', ru: 'Правила межсетевого экрана' },
  words: () => ({
    en: 'The rules for the ports of this unit are written; some ports may be for the addresses of the settings alone.',
    ja: 'このユニットのポートの規則を書き込みます。設定したアドレスだけに開くポートもあります。',
    ru: 'Записываются правила для портов этого узла; некоторые открыты только для адресов из настроек.',
  }),

  parameters(settings, unit) {
    if (unit.ownRole === undefined && unit.ports.every(({ from }) => from === undefined)) return undefined;
    return { files: firewallFiles(unit.ports.map((port) => withSources(port, settings))) };
  },

  async check({ files }, { system }) {
    const [first] = await differing(system, files);
    return first === undefined ? DONE : due(`${first.path} has other rules`);
  },

  async apply({ files }, { system }) {
    const others = await differing(system, files);
    // Before any is replaced: a unit that starts with rules that are refused has none of them.
    for (const { content } of others) await system.run('nft', ['--check', '--file', '-'], { input: content });
    for (const { path, content } of others) await writeFileAtomic(system.path(path), content);
  },

  /** No address of this owner stays. */
  async reset(_parameters, { system, unit }) {
    for (const { path, content } of firewallFiles(unit.ports)) await writeFileAtomic(system.path(path), content);
  },
};

function withSources(port: Port, settings: Settings): OpenPort {
  const { from, purpose } = port;
  if (from === undefined) return port;
  const value = settingAt(settings, from) ?? [];
  const sources = [value].flat().filter((address) => address !== '');
  // nft(8) knows no zones (`fe80::1%eth0`).
  const wrong = sources.find((address) => typeof address !== 'string' || isIP(address) === 0 || address.includes('%'));
  if (wrong === undefined) return { ...port, sources: sources as string[] };
  throw new UnitError(`${from}: ${String(wrong)} is no IP address, for which port ${port.port} (${purpose}) could be opened`, {
    exitCode: ExitCode.answers,
    texts: {
      en: `${from}: ${String(wrong)} is no IP address.`,
      ja: `${from}: ${String(wrong)} は IP アドレスではありません。`,
      ru: `${from}: ${String(wrong)} не IP-адрес.`,
    },
    remedies: ['Give an IPv4 or IPv6 address without a zone, or leave it empty: then nobody reaches the port.'],
  });
}
