import { createSocket, type Socket } from 'node:dgram';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { Cleanup } from '../../../../builder/kit/cleanup.ts';
import { ipv4Bytes, linkLocalOf, macBytes } from '../../../../builder/vm/packets/addresses.ts';
import { ArpOperation, decodeArp, encodeArp } from '../../../../builder/vm/packets/arp.ts';
import { BROADCAST_MAC, decodeFrame, EtherType, encodeFrame } from '../../../../builder/vm/packets/ethernet.ts';
import { decodeIp, encodeIp, type IpPacket, Protocol } from '../../../../builder/vm/packets/ip.ts';
import { decodeNdp, encodeNdp, NdpType } from '../../../../builder/vm/packets/ndp.ts';
import { decodeTcp, encodeTcp, TcpFlag } from '../../../../builder/vm/packets/tcp.ts';
import { decodeUdp, encodeUdp } from '../../../../builder/vm/packets/udp.ts';
import { type Link, openLink } from '../../../../builder/vm/scan/link.ts';
import { scanMachine } from '../../../../builder/vm/scan/scan.ts';
import { Station } from '../../../../builder/vm/scan/station.ts';
import { everyPort, scanTcp } from '../../../../builder/vm/scan/tcp.ts';
import { dnsQuestion, udpProbes } from '../../../../builder/vm/scan/udp-probes.ts';

const MAC = '52:54:00:12:34:56';
const IP = '10.0.2.15';
/** These guests are in this process, and answer at once. */
const PACE = 0.2;

interface Behaviour {
  open: readonly number[];
  closed: readonly number[];
  /** Answers on IPv6 too. */
  ipv6?: boolean;
  udp?: readonly number[];
  /** Drops this many of the frames that reach it first, as a full receive ring does. */
  lose?: number;
}

/** A guest made of packets, on the far end of the link, as QEMU's dgram netdev is. */
class FakeGuest {
  readonly received: IpPacket[] = [];
  readonly #socket: Socket = createSocket('udp4');
  readonly #port: number;
  readonly #behaviour: Behaviour;
  #lose: number;

  constructor(port: number, behaviour: Behaviour) {
    this.#port = port;
    this.#behaviour = behaviour;
    this.#lose = behaviour.lose ?? 0;
    this.#socket.on('message', (bytes) => this.#frame(bytes));
  }

  /** Binds and says something, from which the link learns where its far end is. */
  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.bind(0, '127.0.0.1', resolve));
    this.#send(BROADCAST_MAC, 0x88b5, Buffer.from('hello'));
  }

  stop(): void {
    this.#socket.close();
  }

  #send(destination: Uint8Array, type: number, payload: Uint8Array, source = MAC): void {
    this.#socket.send(encodeFrame({ destination, source: macBytes(source), type, payload }), this.#port, '127.0.0.1');
  }

  #frame(bytes: Buffer): void {
    if (this.#lose > 0) {
      this.#lose -= 1;
      return;
    }
    const frame = decodeFrame(bytes)!;
    const arp = frame.type === EtherType.arp ? decodeArp(frame.payload) : undefined;
    if (arp?.operation === ArpOperation.request && ipv4Bytes(IP).equals(arp.targetIp)) {
      const reply = {
        operation: ArpOperation.reply,
        senderMac: macBytes(MAC),
        senderIp: ipv4Bytes(IP),
        targetMac: arp.senderMac,
        targetIp: arp.senderIp,
      };
      this.#send(frame.source, EtherType.arp, encodeArp(reply));
    }
    const packet = decodeIp(frame.payload);
    if (packet !== undefined && frame.type !== EtherType.arp) this.#packet(packet, frame.source);
  }

  #packet(packet: IpPacket, to: Uint8Array): void {
    this.received.push({ ...packet, payload: Buffer.from(packet.payload) });
    const own = packet.source.length === 4 ? ipv4Bytes(IP) : linkLocalOf(macBytes(MAC));
    const type = packet.source.length === 4 ? EtherType.ipv4 : EtherType.ipv6;
    if (type === EtherType.ipv6 && this.#behaviour.ipv6 !== true) return;
    const answer = this.#answer(packet, own);
    if (answer === undefined) return;
    const ip = encodeIp({ source: own, destination: packet.source, protocol: packet.protocol, hopLimit: 255, payload: answer });
    this.#send(to, type, ip);
    // QEMU's own network stack sees the same packets and refuses them in the guest's name, from a MAC of its own.
    if (packet.protocol === Protocol.tcp)
      this.#send(
        to,
        type,
        encodeIp({ source: own, destination: packet.source, protocol: 6, payload: refusal(packet, own) }),
        '52:55:0a:00:02:02',
      );
  }

  #answer(packet: IpPacket, own: Uint8Array): Buffer | undefined {
    if (packet.protocol === Protocol.icmpv6) {
      const asked = decodeNdp(packet.payload);
      if (asked?.type !== NdpType.solicitation) return undefined;
      return encodeNdp({ type: NdpType.advertisement, target: asked.target, mac: macBytes(MAC) }, own, packet.source);
    }
    if (packet.protocol === Protocol.udp) {
      const asked = decodeUdp(packet.payload)!;
      if (!(this.#behaviour.udp ?? []).includes(asked.destinationPort)) return undefined;
      return encodeUdp(
        { sourcePort: asked.destinationPort, destinationPort: asked.sourcePort, payload: Buffer.from('yes') },
        own,
        packet.source,
      );
    }
    const syn = decodeTcp(packet.payload)!;
    if (syn.flags !== TcpFlag.syn) return undefined;
    if (this.#behaviour.closed.includes(syn.destinationPort)) return refusal(packet, own);
    if (!this.#behaviour.open.includes(syn.destinationPort)) return undefined;
    const flags = TcpFlag.syn | TcpFlag.ack;
    const back = {
      sourcePort: syn.destinationPort,
      destinationPort: syn.sourcePort,
      sequence: 7,
      acknowledgement: syn.sequence + 1,
      flags,
    };
    return encodeTcp(back, own, packet.source);
  }
}

function refusal(packet: IpPacket, own: Uint8Array): Buffer {
  const syn = decodeTcp(packet.payload)!;
  const back = {
    sourcePort: syn.destinationPort,
    destinationPort: syn.sourcePort,
    sequence: 0,
    acknowledgement: syn.sequence + 1,
    flags: TcpFlag.rst | TcpFlag.ack,
  };
  return encodeTcp(back, own, packet.source);
}

describe('a scan through a real socket', () => {
  let cleanup: Cleanup;
  let link: Link;
  const { signal } = new AbortController();
  const ports = Array.from({ length: 300 }, (_, index) => index + 1);

  beforeEach(async () => {
    cleanup = new Cleanup();
    link = await openLink(cleanup);
  });
  afterEach(() => cleanup.run());

  async function guest(behaviour: Behaviour): Promise<FakeGuest> {
    const fake = new FakeGuest(link.port, behaviour);
    await fake.start();
    cleanup.add('guest', () => fake.stop());
    await new Promise((resolve) => setTimeout(resolve, 50));
    return fake;
  }

  test('open, closed and silent ports are told apart, and half-open connections taken back', async () => {
    const fake = await guest({ open: [22, 300], closed: [23, 24, 25] });
    expect(await scanTcp(new Station(link, MAC, PACE), ipv4Bytes(IP), ports, signal)).toEqual({
      open: [22, 300],
      closed: 3,
      filtered: 295,
    });
    const resets = fake.received.map((packet) => decodeTcp(packet.payload)!).filter((segment) => segment.flags === TcpFlag.rst);
    expect(resets.map((segment) => segment.destinationPort)).toEqual([22, 300]);
  });

  test('what a full ring lost is asked again', async () => {
    await guest({ open: [1, 100, 128], closed: [], lose: 129 });
    const result = await scanTcp(new Station(link, MAC, PACE), ipv4Bytes(IP), ports, signal);
    expect(result.open).toEqual([1, 100, 128]);
  }, 15_000);

  test('TCP ports of both families and UDP services', async () => {
    await guest({ open: [22, 65535], closed: [], ipv6: true, udp: [5355, 11211] });
    const report = await scanMachine(link, { mac: MAC, ipv4: IP, hostname: 'unit.example', pace: PACE }, signal, [...ports, 65535]);
    expect(report.ipv4).toEqual({ address: IP, open: [22, 65535], closed: 0, filtered: 299 });
    expect(report.ipv6).toEqual({ address: 'fe80::5054:ff:fe12:3456', open: [22, 65535], closed: 0, filtered: 299 });
    expect(report.udp.map(({ port }) => port)).toEqual([5355, 11211]);
  }, 30_000);

  test('a machine that is not there, or goes away, is an error and no clean result', async () => {
    await expect(scanMachine(link, { mac: MAC, ipv4: IP, hostname: 'x', pace: PACE }, signal)).rejects.toThrow(
      'nobody answers at 10.0.2.15',
    );
  }, 15_000);

  test('all ports are asked unless told otherwise', () => {
    const all = everyPort();
    expect([all.length, all[0], all.at(-1)]).toEqual([65535, 1, 65535]);
  });

  test('an abort ends it', async () => {
    await guest({ open: [], closed: [] });
    const controller = new AbortController();
    const scan = scanTcp(new Station(link, MAC, PACE), ipv4Bytes(IP), ports, controller.signal);
    controller.abort(new Error('stop'));
    await expect(scan).rejects.toThrow('stop');
  });
});

describe('UDP probes', () => {
  test('a DNS question has the bytes of RFC 1035', () => {
    expect(dnsQuestion('unit.example', 1, true).toString('hex')).toBe(
      '7531' + '0100' + '0001' + '000000000000' + '04756e6974' + '076578616d706c65' + '00' + '0001' + '0001',
    );
  });

  test('the SNMP message is whole: each length fits what it holds', () => {
    const snmp = udpProbes('unit').find(({ port }) => port === 161)!.payload;
    expect(snmp[1]).toBe(snmp.length - 2);
    const pdu = snmp.indexOf(0xa0);
    expect(snmp[pdu + 1]).toBe(snmp.length - pdu - 2);
  });

  test('name services are asked for the guest itself, also by multicast', () => {
    const llmnr = udpProbes('unit.example').find(({ port }) => port === 5355)!;
    expect(llmnr.group).toBe('224.0.0.252');
    expect(llmnr.payload.includes(Buffer.from('\x04unit\x00'))).toBe(true);
    expect(new Set(udpProbes('x').map(({ port }) => port)).size).toBe(udpProbes('x').length);
  });
});
