/** Files of the settings: systemd.network(5) for interfaces, resolved.conf(5) for name servers. Pure. */
import { isAlone, isMac, isWithin, parseCidr } from './addresses.ts';
import type { Interface } from './schema.ts';

export const NETWORK_FOLDER = '/etc/systemd/network';
/** Of one boot: what is tried out. Wins over the same number in /etc by its name. */
export const TRY_NETWORK_FOLDER = '/run/systemd/network';
/** The first file that matches an interface wins, and cloud-init's are `10-cloud-init-*` or `10-netplan-*`. */
export const OWN_FILE = /^05-unit-.*\.network$/;
export const TRY_FILE = /^04-unit-try-.*\.network$/;

export const RESOLVER_FILE = '/etc/systemd/resolved.conf.d/60-unit.conf';
export const TRY_RESOLVER_FILE = '/run/systemd/resolved.conf.d/61-unit-try.conf';

/** An interface as settings ask for it, with what it is called: a name or a MAC address. */
export type Named = Interface & { interface: string };

export function fileName(selector: string, trial = false): string {
  return `${trial ? '04-unit-try' : '05-unit'}-${selector.toLowerCase().replaceAll(':', '-')}.network`;
}

/** A .network file. The values were checked: none has a space or a line break. */
export function networkFile({ interface: selector, method, addresses = [], gateways = [] }: Named): string {
  // Bridges and VLANs have the MAC address of the interface below them.
  const match = isMac(selector) ? [`MACAddress=${selector.toLowerCase()}`, 'Type=ether', 'Kind=!*'] : [`Name=${selector}`];
  const own = addresses.flatMap((text) => parseCidr(text) ?? []);
  const lines = [
    '# From the settings of this unit, which write it anew: `unitctl network` changes it.',
    '[Match]',
    ...match,
    '',
    '[Network]',
    `DHCP=${method === 'dhcp' ? 'yes' : 'no'}`,
    'LLMNR=no',
    'MulticastDNS=no',
    // A router's word must not compete with a gateway that the owner gave.
    ...(gateways.some((gateway) => gateway.includes(':')) ? ['IPv6AcceptRA=no'] : []),
    ...addresses.map((address) => `Address=${address}`),
    ...gateways.flatMap((gateway) => {
      const alone = own.some((cidr) => isAlone(cidr)) && !own.some((cidr) => !isAlone(cidr) && isWithin(cidr, gateway));
      return ['', '[Route]', `Gateway=${gateway}`, ...(alone ? ['GatewayOnLink=yes'] : [])];
    }),
    ...(method === 'dhcp' ? ['', '[DHCPv4]', 'UseDomains=yes', '', '[IPv6AcceptRA]', 'UseDomains=yes'] : []),
  ];
  return `${lines.join('\n')}\n`;
}

/** Undefined where the settings say nothing. `~.` makes these servers the ones for all names, whatever DHCP says. */
export function resolverFile(servers: readonly string[], search: readonly string[]): string | undefined {
  if (servers.length + search.length === 0) return undefined;
  // An empty value takes back what files before this one said.
  const dns = servers.length === 0 ? [] : ['DNS=', `DNS=${servers.join(' ')}`];
  const domains = ['Domains=', `Domains=${[...(servers.length === 0 ? [] : ['~.']), ...search].join(' ')}`];
  return `# From the settings of this unit.\n[Resolve]\n${[...dns, ...domains].join('\n')}\n`;
}
