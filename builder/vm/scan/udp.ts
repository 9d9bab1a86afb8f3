/** Which well-known UDP services of the machine under test answer a stranger. */
import { randomInt } from 'node:crypto';

import { ipv4Bytes } from '../packets/addresses.ts';
import { type IpPacket, Protocol } from '../packets/ip.ts';
import { decodeUdp, encodeUdp } from '../packets/udp.ts';
import type { Station } from './station.ts';
import { udpProbes } from './udp-probes.ts';

export interface UdpAnswer {
  port: number;
  service: string;
}

/** Milliseconds that a service gets to answer; the machine itself has answered by then. */
const PATIENCE = 2000;

/** Sends every probe to `target` (IPv4), and to its multicast group, and reports who answered, by port. */
export async function scanUdp(station: Station, target: Uint8Array, hostname: string, signal: AbortSignal): Promise<UdpAnswer[]> {
  const probes = udpProbes(hostname);
  const sourcePort = randomInt(32768, 60999);
  const answered = new Set<number>();
  station.onPacket((packet) => {
    const datagram = packet.protocol === Protocol.udp && Buffer.from(target).equals(packet.source) ? decodeUdp(packet.payload) : undefined;
    if (datagram?.destinationPort === sourcePort) answered.add(datagram.sourcePort);
  });
  try {
    for (const probe of probes) {
      signal.throwIfAborted();
      const destinations = probe.group === undefined ? [Buffer.from(target)] : [Buffer.from(target), ipv4Bytes(probe.group)];
      station.send(
        destinations.map((destination): Omit<IpPacket, 'source'> => {
          const payload = encodeUdp({ sourcePort, destinationPort: probe.port, payload: probe.payload }, station.ipv4, destination);
          return { destination, protocol: Protocol.udp, hopLimit: probe.group === undefined ? 64 : 255, payload };
        }),
      );
    }
    await station.reach(target, PATIENCE);
    await new Promise((resolve) => setTimeout(resolve, PATIENCE * station.pace));
  } finally {
    station.onPacket(undefined);
  }
  return probes.filter((probe) => answered.has(probe.port)).map(({ port, service }) => ({ port, service }));
}
