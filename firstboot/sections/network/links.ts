/** The network as it is, by networkctl(1), and the interfaces that settings mean. */
import { ExitCode, ProgramError, UnitError } from '../../kit/errors.ts';
import type { System } from '../../kit/system.ts';
import { canonical, isMac } from './addresses.ts';

export interface LinkAddress {
  address: string;
  prefix: number;
  /** Where it is from: static, DHCPv4, DHCPv6, NDisc, foreign... (systemd-networkd's own words). */
  source: string;
}

export interface Link {
  name: string;
  /** Lower case, with colons; undefined where it has none of six bytes. */
  mac: string | undefined;
  /** An interface of (virtual) hardware, not one that software made, such as a bridge. */
  isPhysical: boolean;
  hasCarrier: boolean;
  /** `configured`, `configuring`, `pending`, `failed`, `unmanaged`... */
  setup: string;
  /** The .network file in force; undefined where networkd leaves the interface alone. */
  networkFile: string | undefined;
  /** Without link-local ones and those that are not to be used yet. */
  addresses: LinkAddress[];
  /** Of the default routes. */
  gateways: string[];
}

/** Members of `networkctl --json=short list` (systemd 257) that are looked at. */
interface Described {
  Name: string;
  Index: number;
  Type: string;
  Kind?: string;
  HardwareAddress?: number[];
  CarrierState?: string;
  AdministrativeState?: string;
  NetworkFile?: string;
  Addresses?: { Address: number[]; PrefixLength: number; ScopeString: string; ConfigSource: string; ConfigState: string }[];
  Routes?: { DestinationPrefixLength: number; Gateway?: number[]; TableString?: string }[];
}

/** All Ethernet interfaces, in the order in which the kernel found them. @throws UnitError where systemd-networkd does not run */
export async function readLinks(system: System): Promise<Link[]> {
  let text: string;
  try {
    text = (await system.run('networkctl', ['--json=short', 'list'], { timeout: 20 })).stdout;
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    throw new UnitError('systemd-networkd does not answer, which configures the network of this unit', {
      exitCode: ExitCode.step,
      texts: {
        en: 'systemd-networkd does not answer, which configures the network of this unit.',
        ja: 'ネットワークを設定する systemd-networkd が応答しません。',
        ru: 'Не отвечает systemd-networkd, который настраивает сеть узла.',
      },
      remedies: ['Look at `systemctl status systemd-networkd`.'],
      cause: error,
    });
  }
  const { Interfaces: all } = JSON.parse(text) as { Interfaces: Described[] };
  return all
    .filter(({ Type: type }) => type === 'ether')
    .sort((a, b) => a.Index - b.Index)
    .map(linkOf);
}

function linkOf(link: Described): Link {
  const bytes = link.HardwareAddress ?? [];
  return {
    name: link.Name,
    mac: bytes.length === 6 ? bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':') : undefined,
    isPhysical: link.Kind === undefined,
    hasCarrier: link.CarrierState === 'carrier' || link.CarrierState === 'degraded-carrier' || link.CarrierState === 'enslaved',
    setup: link.AdministrativeState ?? 'unmanaged',
    networkFile: link.NetworkFile,
    addresses: (link.Addresses ?? [])
      .filter(({ ScopeString: scope, ConfigState: state }) => scope === 'global' && state === 'configured')
      .map((each) => ({ address: textOf(each.Address), prefix: each.PrefixLength, source: each.ConfigSource })),
    gateways: (link.Routes ?? [])
      .filter(({ DestinationPrefixLength: length, TableString: table }) => length === 0 && (table ?? 'main') === 'main')
      .flatMap(({ Gateway: gateway }) => (gateway === undefined ? [] : [textOf(gateway)])),
  };
}

/** An address of its bytes. */
function textOf(bytes: readonly number[]): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, index) => (((bytes[2 * index] ?? 0) << 8) | (bytes[2 * index + 1] ?? 0)).toString(16));
  return canonical(groups.join(':'));
}

/**
 * The interface that a setting means: by name or MAC address, else the first of hardware.
 * @throws UnitError where there is none such
 */
export function findLink(links: readonly Link[], selector: string | undefined): Link {
  const physical = links.filter(({ isPhysical }) => isPhysical);
  const found =
    selector === undefined
      ? physical[0]
      : isMac(selector)
        ? physical.find(({ mac }) => mac === selector.toLowerCase())
        : links.find(({ name }) => name === selector);
  if (found !== undefined) return found;
  const there = physical.map(({ name, mac }) => `${name} (${mac ?? 'no MAC address'})`);
  const name = selector === undefined ? '' : ` ${selector}`;
  const list = there.join(', ');
  throw new UnitError(selector === undefined ? 'this unit has no network interface' : `this unit has no network interface ${selector}`, {
    exitCode: ExitCode.step,
    texts: {
      en: `There is no network interface${name}. There are: ${list || 'none'}.`,
      ja: `ネットワークインターフェース${name} がありません。あるもの: ${list || 'なし'}。`,
      ru: `Сетевого интерфейса${name} нет. Есть: ${list || 'никаких'}.`,
    },
    remedies: [there.length === 0 ? 'Give the virtual machine a network adapter.' : `It has: ${list}.`],
  });
}
