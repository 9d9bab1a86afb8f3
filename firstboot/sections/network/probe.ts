/** Whether the network works, question by question, in plain words: for the console and `unitctl network test`. */
import { Resolver } from 'node:dns/promises';

import { readIfExists } from '../../kit/files.ts';
import type { System } from '../../kit/system.ts';
import { askServers } from '../time/skew.ts';
import { isLinkLocal } from './addresses.ts';
import { type Link, readLinks } from './links.ts';

export interface ProbeResult {
  ok: boolean;
  words: string;
}

/** Name servers behind the local resolver; of resolv.conf(5) where there is no such resolver. */
export async function serversInForce(system: System): Promise<string[]> {
  const text =
    (await readIfExists(system.path('/run/systemd/resolve/resolv.conf'))) ?? (await readIfExists(system.path('/etc/resolv.conf'))) ?? '';
  return [...new Set([...text.matchAll(/^nameserver\s+(\S+)/gm)].map(([, server]) => server ?? ''))];
}

/** Addresses, gateways, name servers, time servers. @param timeServers those of the settings; else those in use */
export async function probeNetwork(system: System, timeServers: readonly string[]): Promise<ProbeResult[]> {
  const links = (await readLinks(system)).filter(({ isPhysical, networkFile }) => isPhysical || networkFile !== undefined);
  const [gateways, names, clocks] = await Promise.all([
    probeGateways(system, links),
    probeNameServers(system),
    askServers(system, timeServers),
  ]);
  return [
    ...(links.length === 0
      ? [{ ok: false, words: 'This unit has no network interface: give the virtual machine a network adapter.' }]
      : []),
    ...links.map(linkResult),
    ...gateways,
    ...names,
    ...clocks.map(({ server, answer, why }) => ({
      ok: answer !== undefined,
      words:
        answer === undefined
          ? `The time server ${server} gives no time: ${why ?? 'it does not answer'}.`
          : `The time server ${server} answers; this clock is off by ${Math.abs(answer.offset / 1000).toFixed(1)} s.`,
    })),
    ...(clocks.length === 0 ? [{ ok: false, words: 'No time server is known.' }] : []),
  ];
}

function linkResult({ name, hasCarrier, addresses }: Link): ProbeResult {
  if (!hasCarrier) return { ok: false, words: `${name} has no link: connect the network adapter of the virtual machine.` };
  const list = addresses.map(({ address, prefix }) => `${address}/${prefix}`).join(', ');
  return list === ''
    ? { ok: false, words: `${name} has no address: no DHCP server answers. Give it one with \`unitctl network set\`.` }
    : { ok: true, words: `${name} has ${list}.` };
}

async function probeGateways(system: System, links: readonly Link[]): Promise<ProbeResult[]> {
  const known = links.flatMap(({ name, gateways }) => gateways.map((gateway) => ({ name, gateway })));
  if (known.length === 0) return [{ ok: false, words: 'There is no gateway: only machines of the same network can be reached.' }];
  return Promise.all(
    known.map(async ({ name, gateway }): Promise<ProbeResult> => {
      const device = isLinkLocal(gateway) ? ['-I', name] : [];
      const code = await system.ask('ping', ['-n', '-q', '-c', '2', '-W', '2', ...device, gateway], { timeout: 10 });
      // Some routers do not answer pings: no proof of a fault.
      return code === 0
        ? { ok: true, words: `The gateway ${gateway} answers.` }
        : { ok: false, words: `The gateway ${gateway} does not answer: it is wrong, off, or answers no pings.` };
    }),
  );
}

async function probeNameServers(system: System): Promise<ProbeResult[]> {
  const servers = await serversInForce(system);
  if (servers.length === 0) return [{ ok: false, words: 'No name server is known: names cannot be looked up.' }];
  return Promise.all(
    servers.map(async (server): Promise<ProbeResult> => {
      const why = await askNameServer(server);
      return why === undefined
        ? { ok: true, words: `The name server ${server} answers.` }
        : { ok: false, words: `The name server ${server} does not answer: ${why}.` };
    }),
  );
}

/** Any answer will do, be it that there is no such name: a closed network knows no name of ours. Undefined: it answers. */
async function askNameServer(server: string): Promise<string | undefined> {
  const resolver = new Resolver({ timeout: 2000, tries: 2 });
  try {
    resolver.setServers([server]);
    await resolver.resolve('localhost', 'SOA');
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ETIMEOUT') return 'nothing comes back';
    if (code === 'ECONNREFUSED' || code === 'ECONNRESET') return 'nobody answers there';
    return code === 'ERR_INVALID_IP_ADDRESS' ? 'that is no address' : undefined;
  }
}
