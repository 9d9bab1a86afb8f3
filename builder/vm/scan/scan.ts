/** The scan from outside: all TCP ports over IPv4 and over link-local IPv6, and well-known UDP services. */
import { ipText, ipv4Bytes, linkLocalOf, macBytes } from '../packets/addresses.ts';
import type { Link } from './link.ts';
import { Station } from './station.ts';
import { everyPort, scanTcp, type TcpScan } from './tcp.ts';
import { scanUdp, type UdpAnswer } from './udp.ts';

export interface ScanReport {
  ipv4: TcpScan & { address: string };
  /** Undefined where the machine does not answer on the link-local address that its MAC gives. */
  ipv6: (TcpScan & { address: string }) | undefined;
  udp: UdpAnswer[];
  seconds: number;
}

export interface ScanTarget {
  mac: string;
  ipv4: string;
  /** The machine's own host name: what its name services answer for. */
  hostname: string;
  /** See `Station`. */
  pace?: number;
}

/** Milliseconds to find the machine on the network at all. */
const FIND = 5000;

/** Scans `ports`, all by default. @throws where the machine does not answer ARP for its IPv4 address. */
export async function scanMachine(link: Link, target: ScanTarget, signal: AbortSignal, ports = everyPort()): Promise<ScanReport> {
  const started = Date.now();
  const station = new Station(link, target.mac, target.pace);
  try {
    const ipv4 = ipv4Bytes(target.ipv4);
    if (!(await station.reach(ipv4, FIND))) throw new Error(`nobody answers at ${target.ipv4} on the virtual network`);
    const over4 = await scanTcp(station, ipv4, ports, signal);
    const ipv6 = linkLocalOf(macBytes(target.mac));
    const over6 = (await station.reach(ipv6, FIND)) ? await scanTcp(station, ipv6, ports, signal) : undefined;
    const udp = await scanUdp(station, ipv4, target.hostname, signal);
    return {
      ipv4: { address: target.ipv4, ...over4 },
      ipv6: over6 === undefined ? undefined : { address: ipText(ipv6), ...over6 },
      udp,
      seconds: Math.round((Date.now() - started) / 1000),
    };
  } finally {
    station.close();
  }
}
