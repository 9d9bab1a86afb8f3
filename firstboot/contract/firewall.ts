/**
 * The unit's firewall: two nftables rulesets, before and after finalisation, in a table of our own. Nothing else is
 * touched and the ruleset is never flushed: Docker's rules live beside ours. See nft(8).
 */
import type { UnitFile } from './ordering.ts';
import type { Port } from './unit.ts';

export const FIREWALL_PATHS = { waiting: '/etc/unit/firewall/waiting.nft', ready: '/etc/unit/firewall/ready.nft' } as const;

const SSH: Port = { port: 22, protocol: 'tcp', purpose: 'SSH' };

/** Both rulesets. While waiting only SSH is let in; afterwards the declared ports too. */
export function firewallFiles(ports: readonly Port[]): UnitFile[] {
  return [
    { path: FIREWALL_PATHS.waiting, content: firewallRules([]) },
    { path: FIREWALL_PATHS.ready, content: firewallRules(ports) },
  ];
}

/** A ruleset that replaces our table in one transaction and lets in SSH and `ports`. */
export function firewallRules(ports: readonly Port[]): string {
  const tcp = numbers([SSH, ...ports], 'tcp');
  const udp = numbers(ports, 'udp');
  const services = [...accept('tcp dport', tcp), ...accept('udp dport', udp)];
  const published = [
    ...accept('ct status dnat meta l4proto tcp ct original proto-dst', tcp),
    ...accept('ct status dnat meta l4proto udp ct original proto-dst', udp),
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
		iifname { "docker*", "br-*" } accept
		# Published container ports: judged by the port that the client asked for, before translation.
${indent(published)}
	}
}
`;
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
