/**
 * The unit's firewall: nftables rulesets, one for each state of set-up, in a table of our own. Nothing else is
 * touched and the ruleset is never flushed: Docker's rules live beside ours. See nft(8).
 */
import type { UnitFile } from './ordering.ts';
import { LATER_PORT, PAGE_PORTS } from './setup.ts';
import type { Port } from './unit.ts';

/** `-ssh`: an owner has given a key, by which alone a unit that is not set up can be logged in to. `system/firewall` chooses. */
export const FIREWALL_PATHS = {
  waiting: '/etc/unit/firewall/waiting.nft',
  'waiting-ssh': '/etc/unit/firewall/waiting-ssh.nft',
  applying: '/etc/unit/firewall/applying.nft',
  'applying-ssh': '/etc/unit/firewall/applying-ssh.nft',
  open: '/etc/unit/firewall/open.nft',
  ready: '/etc/unit/firewall/ready.nft',
} as const;

/** A port as one unit has it: with the addresses that its `from` stands for. */
export interface OpenPort extends Port {
  sources?: readonly string[];
}

const SSH: Port = { port: 22, protocol: 'tcp', purpose: 'SSH' };
const LATER: Port = { port: LATER_PORT, protocol: 'tcp', purpose: 'setup' };
const PAGE: readonly Port[] = [...PAGE_PORTS.map((port): Port => ({ port, protocol: 'tcp', purpose: 'setup' })), LATER];

/**
 * What others reach in each state. SSH takes keys alone until an owner says otherwise: before, it is shut where nobody has one. A
 * port that is for some addresses only is shut while there are none.
 */
export function openPorts(ports: readonly OpenPort[]): Record<keyof typeof FIREWALL_PATHS, OpenPort[]> {
  const own = ports.filter(({ from, sources = [] }) => from === undefined || sources.length > 0);
  return {
    waiting: [...PAGE],
    'waiting-ssh': [SSH, ...PAGE],
    // The product has its ports, and is not there for anybody before it is whole.
    applying: [LATER],
    'applying-ssh': [SSH, LATER],
    // The owner is shown the result, or has opened setup again.
    open: [SSH, LATER, ...own],
    ready: [SSH, ...own],
  };
}

/** A ruleset for each state. */
export function firewallFiles(ports: readonly OpenPort[]): UnitFile[] {
  const open = openPorts(ports);
  return (Object.keys(FIREWALL_PATHS) as (keyof typeof FIREWALL_PATHS)[]).map((state) => ({
    path: FIREWALL_PATHS[state],
    content: firewallRules(open[state]),
  }));
}

/**
 * Where clouds hand out user-data and credentials, to whoever asks from inside: the address that most have, then those of Scaleway,
 * Alibaba and Azure; over IPv6 those of EC2, Google, Scaleway and OpenStack.
 */
const METADATA = {
  ipv4: '{ 169.254.169.254, 169.254.42.42, 100.100.100.200, 168.63.129.16 }',
  ipv6: '{ fd00:ec2::254, fd20:ce::254, fd00:42::42, fe80::a9fe:a9fe }',
} as const;

/** A ruleset that replaces our table in one transaction and lets in `ports`. */
export function firewallRules(ports: readonly OpenPort[]): string {
  const everybodys = ports.filter(({ from }) => from === undefined);
  const tcp = numbers(everybodys, 'tcp');
  const udp = numbers(everybodys, 'udp');
  const some = ports.flatMap(({ port, protocol = 'tcp', sources = [] }) => fromSources(sources).map((from) => ({ port, protocol, from })));
  const services = [
    ...accept('tcp dport', tcp),
    ...accept('udp dport', udp),
    ...some.flatMap(({ port, protocol, from }) => accept(`${from} ${protocol} dport`, [port])),
  ];
  const published = [
    ...accept(publishedAt('tcp'), tcp),
    ...accept(publishedAt('udp'), udp),
    ...some.flatMap(({ port, protocol, from }) => accept(`${from} ${publishedAt(protocol)}`, [port])),
  ];
  return `#!/usr/sbin/nft -f
# Created and deleted first, so that loading replaces the table whether or not it is there.
table inet unit
delete table inet unit

table inet unit {
	chain input {
		type filter hook input priority filter; policy drop;

		iifname "lo" accept
		ct state vmap { established : accept, related : accept, invalid : drop }

		# Path MTU discovery, errors and echo (RFC 4890 for ICMPv6).
		icmp type { echo-request, destination-unreachable, time-exceeded, parameter-problem } accept
		icmpv6 type { echo-request, destination-unreachable, packet-too-big, time-exceeded, parameter-problem } accept
		# Neighbour discovery comes from the link only (RFC 4861), multicast listener queries too (RFC 3810).
		icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } ip6 hoplimit 255 accept
		ip6 saddr fe80::/10 icmpv6 type { mld-listener-query, mld-listener-report, mld-listener-done, mld2-listener-report } accept

		# Answers of DHCP servers: broadcast and multicast, so connection tracking does not know them.
		udp sport 67 udp dport 68 accept
		ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept

${indent(services)}
	}

	chain forward {
		# Before Docker's own chains (priority filter): what is dropped here never gets there. What is let through
		# here still has to pass them.
		type filter hook forward priority filter - 10; policy drop;

		ct state vmap { established : accept, related : accept, invalid : drop }
		ip daddr ${METADATA.ipv4} tcp dport { 80, 443 } drop
		ip6 daddr ${METADATA.ipv6} tcp dport { 80, 443 } drop
		iifname { "docker*", "br-*" } accept
		# Published container ports: judged by the port that the client asked for, before translation.
${indent(published)}
	}

	chain output {
		type filter hook output priority filter; policy accept;

		# What is handed out over HTTP may hold secrets: root alone asks. (Some clouds have their name servers there too.)
		ip daddr ${METADATA.ipv4} tcp dport { 80, 443 } meta skuid != 0 reject with tcp reset
		ip6 daddr ${METADATA.ipv6} tcp dport { 80, 443 } meta skuid != 0 reject with tcp reset
	}
}
`;
}

function publishedAt(protocol: 'tcp' | 'udp'): string {
  return `ct status dnat meta l4proto ${protocol} ct original proto-dst`;
}

function fromSources(sources: readonly string[]): string[] {
  const of = (match: string, addresses: readonly string[]): string[] =>
    addresses.length === 0 ? [] : [`${match} { ${[...new Set(addresses)].join(', ')} }`];
  const isV6 = (address: string): boolean => address.includes(':');
  return [
    ...of(
      'ip saddr',
      sources.filter((address) => !isV6(address)),
    ),
    ...of('ip6 saddr', sources.filter(isV6)),
  ];
}

function numbers(ports: readonly Port[], protocol: 'tcp' | 'udp'): number[] {
  const own = ports.filter((port) => (port.protocol ?? 'tcp') === protocol).map((port) => port.port);
  return [...new Set(own)].sort((a, b) => a - b);
}

function accept(match: string, ports: readonly number[]): string[] {
  return ports.length === 0 ? [] : [`${match} { ${ports.join(', ')} } accept`];
}

function indent(lines: readonly string[]): string {
  return lines.map((line) => `\t\t${line}`).join('\n');
}
