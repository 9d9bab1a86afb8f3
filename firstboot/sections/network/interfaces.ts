/** Interfaces and name servers as the settings have them, by systemd-networkd and systemd-resolved. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { DONE, due, type Verdict } from '../../apply/change.ts';
import { ExitCode, UnitError } from '../../kit/errors.ts';
import { ignoreMissing, readIfExists, removeFile, writeFileAtomic } from '../../kit/files.ts';
import type { System } from '../../kit/system.ts';
import type { BeginChange } from '../changes.ts';
import { canonical, nameServers, parseCidr, wantedInterfaces } from './addresses.ts';
import { findLink, type Link, readLinks } from './links.ts';
import {
  fileName,
  type Named,
  NETWORK_FOLDER,
  networkFile,
  OWN_FILE,
  RESOLVER_FILE,
  resolverFile,
  TRY_FILE,
  TRY_NETWORK_FOLDER,
  TRY_RESOLVER_FILE,
} from './networkd.ts';
import type { Interface, Network } from './schema.ts';

const RESOLVER = 'systemd-resolved.service';
/** Seconds in which an address that is wanted must be there. */
const PATIENCE = 30;

export type NetworkWanted = { interfaces: readonly Interface[]; servers: readonly string[]; search: readonly string[] };

export function networkWanted(network: Network): NetworkWanted {
  return { interfaces: wantedInterfaces(network), servers: nameServers(network), search: network.search ?? [] };
}

export const network: BeginChange<NetworkWanted> = {
  title: { en: 'Network', ja: 'ネットワーク', ru: 'Сеть' },
  words(wanted) {
    const [en, ja, ru] = sentences(wanted);
    return { en, ja, ru };
  },
  parameters: ({ network: settings }) => networkWanted(settings),
  check: (wanted, { system, appliedBefore }) => checkNetwork(system, wanted, appliedBefore),
  apply: (wanted, { system, log }) => applyNetwork(system, wanted, log),
  /** The files alone: the unit restarts at the end, and whoever resets it from afar is connected until then. */
  async reset(_wanted, { system }) {
    for (const path of [...(await ownFiles(system)), RESOLVER_FILE]) await removeFile(system.path(path));
  },
};

function sentences({ interfaces, servers }: NetworkWanted): [string, string, string] {
  const parts = interfaces.map(({ interface: name, method, addresses = [] }): [string, string, string] => {
    const list = addresses.join(', ');
    const [en, ja, ru] = [name ?? 'the first interface', name ?? '最初のインターフェース', name ?? 'первый интерфейс'];
    return method === 'dhcp'
      ? [`${en} asks for its address (DHCP)`, `${ja} は DHCP でアドレスを取得`, `${ru} получает адрес по DHCP`]
      : [`${en} has ${list}`, `${ja} は ${list}`, `${ru}: ${list}`];
  });
  if (servers.length > 0)
    parts.push([`names are asked of ${servers.join(', ')}`, `DNS は ${servers.join('、')}`, `серверы имён: ${servers.join(', ')}`]);
  if (parts.length === 0) return ['The network stays as it is.', 'ネットワークは現状のままです。', 'Сеть остаётся как есть.'];
  const join3 = (index: 0 | 1 | 2, separator: string): string => parts.map((part) => part[index]).join(separator);
  const [en, ja, ru] = [join3(0, '; '), join3(1, '、'), join3(2, '; ')];
  return [`${en.charAt(0).toUpperCase()}${en.slice(1)}.`, `${ja}。`, `${ru.charAt(0).toUpperCase()}${ru.slice(1)}.`];
}

interface Wish {
  entry: Named;
  link: Link;
  /** Path and text of its file. */
  path: string;
  text: string;
}

/** What is asked of which interface. An entry that names none is about the first: its file gets that one's name. */
export function wishes(interfaces: readonly Interface[], links: readonly Link[], trial = false): Wish[] {
  return interfaces.map((each) => {
    const link = findLink(links, each.interface);
    const entry: Named = { ...each, interface: each.interface ?? link.name };
    const folder = trial ? TRY_NETWORK_FOLDER : NETWORK_FOLDER;
    return { entry, link, path: join(folder, fileName(entry.interface, trial)), text: networkFile(entry) };
  });
}

async function checkNetwork(system: System, wanted: NetworkWanted, appliedBefore: boolean): Promise<Verdict> {
  if ((await trialFiles(system)).length > 0) return due('a network is being tried out');
  const resolver = resolverFile(wanted.servers, wanted.search);
  if ((await readIfExists(system.path(RESOLVER_FILE))) !== resolver) return due('the name servers are others');
  // A run may have been killed between the file and the restart.
  if (resolver !== undefined && !appliedBefore) return due(`${RESOLVER} may not have read its servers yet`);
  const files = await ownFiles(system);
  if (wanted.interfaces.length === 0) return files.length === 0 ? DONE : due('interfaces have what was asked for before');
  const wished = wishes(wanted.interfaces, await readLinks(system));
  if (files.some((path) => !wished.some((wish) => wish.path === path))) return due('interfaces have what was asked for before');
  for (const wish of wished) {
    if ((await readIfExists(system.path(wish.path))) !== wish.text) return due(`${wish.link.name} is set up otherwise`);
    const lack = lackOf(wish);
    if (lack !== undefined) return due(lack);
  }
  return DONE;
}

/**
 * Writes the files and has networkd take them up; interfaces that are right are not touched. Returns when all that was
 * asked for is there.
 * @throws UnitError for an interface that is not there, or an address that does not come to be
 */
export async function applyNetwork(system: System, wanted: NetworkWanted, log: (line: string) => void): Promise<void> {
  // Before anything is written: a name that is wrong must change nothing.
  const wished = wanted.interfaces.length === 0 ? [] : wishes(wanted.interfaces, await readLinks(system));
  const stale = [...(await ownFiles(system)).filter((path) => !wished.some((wish) => wish.path === path)), ...(await trialFiles(system))];
  const unchanged: Wish[] = [];
  for (const wish of wished) {
    if ((await readIfExists(system.path(wish.path))) === wish.text) unchanged.push(wish);
    else await writeFileAtomic(system.path(wish.path), wish.text);
  }
  for (const path of stale) await removeFile(system.path(path));
  if (stale.length + wished.length > 0) {
    await system.run('networkctl', ['reload'], { onLine: log, timeout: 60 });
    // A file that was right was read before: somebody has changed the interface by other means.
    for (const wish of unchanged) if (lackOf(wish) !== undefined) await reconfigure(system, wish.link.name, log);
  }
  await applyResolver(system, RESOLVER_FILE, resolverFile(wanted.servers, wanted.search), log);
  await waitForNetwork(system, wanted.interfaces, log);
}

/** Name servers by a file of resolved.conf.d; undefined: none. */
export async function applyResolver(system: System, path: string, text: string | undefined, log: (line: string) => void): Promise<void> {
  const trialEnds = path === RESOLVER_FILE && (await readIfExists(system.path(TRY_RESOLVER_FILE))) !== undefined;
  const before = await readIfExists(system.path(path));
  if (text === undefined && before === undefined && !trialEnds) return;
  if (text !== undefined && before !== text) await writeFileAtomic(system.path(path), text);
  if (text === undefined && before !== undefined) await writeFileAtomic(system.path(path), '');
  if (trialEnds) await removeFile(system.path(TRY_RESOLVER_FILE));
  await system.run('systemctl', ['try-restart', '--', RESOLVER], { onLine: log });
  // Last, so that a run that is killed before the restart finds something to do.
  if (text === undefined) await removeFile(system.path(path));
}

async function reconfigure(system: System, name: string, log: (line: string) => void): Promise<void> {
  await system.run('networkctl', ['reconfigure', name], { onLine: log, timeout: 60 });
}

/** Returns when each interface has its file and its static addresses. @throws UnitError where that takes too long */
export async function waitForNetwork(
  system: System,
  interfaces: readonly Interface[],
  log: (line: string) => void,
  { trial = false, patience = PATIENCE } = {},
): Promise<void> {
  if (interfaces.length === 0) return;
  const end = performance.now() + patience * 1000;
  for (;;) {
    const wished = wishes(interfaces, await readLinks(system), trial);
    const lack = wished.map(lackOf).find((each) => each !== undefined);
    if (lack === undefined) {
      for (const { link } of wished) {
        const list = link.addresses.map(({ address }) => address).join(', ');
        log(`${link.name}: ${link.hasCarrier ? list || 'no address yet' : 'no link; the addresses come with it'}`);
      }
      return;
    }
    if (performance.now() > end) {
      throw new UnitError(lack, {
        exitCode: ExitCode.step,
        texts: {
          en: 'The network did not take up these settings in time. Look at the addresses, and whether another machine has them.',
          ja: 'ネットワークが時間内に設定どおりになりませんでした。アドレスと、他の機器との重複を確認してください。',
          ru: 'Сеть не приняла эти настройки вовремя. Проверьте адреса и не заняты ли они другой машиной.',
        },

        remedies: ['Look at `networkctl status` and `journalctl -u systemd-networkd`.'],
      });
    }
    await sleep(250, undefined, { signal: system.signal });
  }
}

/** The first thing that the interface lacks. Without a link there are no addresses, which is no fault of the settings. */
function lackOf({ entry, link, path }: Wish): string | undefined {
  if (link.networkFile !== path) return `systemd-networkd has not taken up ${path} for ${link.name}`;
  if (entry.method === 'dhcp' || !link.hasCarrier) return undefined;
  const has = (text: string): boolean => {
    const cidr = parseCidr(text);
    return (
      cidr !== undefined && link.addresses.some(({ address, prefix }) => address === canonical(cidr.address) && prefix === cidr.prefix)
    );
  };
  const missing = (entry.addresses ?? []).find((text) => !has(text));
  return missing === undefined ? undefined : `${link.name} does not have the address ${missing}`;
}

/** Absolute paths of the files that settings made. */
export async function ownFiles(system: System): Promise<string[]> {
  return filesIn(system, NETWORK_FOLDER, OWN_FILE);
}

/** Absolute paths of the files of a network that is being tried out. */
export async function trialFiles(system: System): Promise<string[]> {
  return filesIn(system, TRY_NETWORK_FOLDER, TRY_FILE);
}

async function filesIn(system: System, folder: string, name: RegExp): Promise<string[]> {
  const names = (await readdir(system.path(folder)).catch(ignoreMissing)) ?? [];
  return names
    .filter((each) => name.test(each))
    .sort()
    .map((each) => join(folder, each));
}
