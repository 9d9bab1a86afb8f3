/**
 * A machine of its own on the virtual network, made of packets only: it has a MAC, an IPv4 and a link-local IPv6 address,
 * answers ARP and neighbour solicitations for them, and hands on the packets that one other machine sends it.
 */
import { ipText, ipv4Bytes, linkLocalOf, macBytes, multicastMac, solicitedNode } from '../packets/addresses.ts';
import { ArpOperation, decodeArp, encodeArp } from '../packets/arp.ts';
import { BROADCAST_MAC, decodeFrame, EtherType, encodeFrame, type Frame } from '../packets/ethernet.ts';
import { decodeIp, encodeIp, type IpPacket, Protocol } from '../packets/ip.ts';
import { decodeNdp, encodeNdp, NdpType } from '../packets/ndp.ts';
import type { Link } from './link.ts';

/** Locally administered, and an address that QEMU's user network neither gives out nor answers for. */
const STATION_MAC = '02:00:00:00:00:77';
const STATION_IP = '10.0.2.77';

export class Station {
  readonly mac = macBytes(STATION_MAC);
  readonly ipv4 = ipv4Bytes(STATION_IP);
  readonly ipv6 = linkLocalOf(macBytes(STATION_MAC));
  readonly #link: Link;
  readonly #peerMac: Buffer;
  #onPacket: ((packet: IpPacket) => void) | undefined;
  #waiting: { ip: string; found: () => void } | undefined;

  /** How long answers are waited for, as a part of what an emulated machine gets. */
  readonly pace: number;

  /** `peerMac` is the machine under test: frames of others (QEMU's own network stack sees all of ours) are not looked at. */
  constructor(link: Link, peerMac: string, pace = 1) {
    this.pace = pace;
    this.#link = link;
    this.#peerMac = macBytes(peerMac);
    link.onFrame((bytes) => this.#receive(bytes));
  }

  onPacket(reader: ((packet: IpPacket) => void) | undefined): void {
    this.#onPacket = reader;
  }

  /** Sends IP packets from this station's address of the same family: to the machine under test, or to a multicast group. */
  send(packets: readonly Omit<IpPacket, 'source'>[]): void {
    this.#link.send(packets.map((packet) => this.#frame(packet)));
  }

  /** This station's address in the family of `other`. */
  addressFor(other: Uint8Array): Buffer {
    return other.length === 4 ? this.ipv4 : this.ipv6;
  }

  /**
   * Asks for the MAC of an address of the machine under test and waits for its answer, `timeout` milliseconds at its pace at most.
   * A network card hands packets over in order: an answer also means that everything sent before was looked at.
   */
  async reach(ip: Uint8Array, timeout: number): Promise<boolean> {
    return await new Promise((resolve) => {
      const timer = setTimeout(() => done(false), timeout * this.pace);
      const done = (answered: boolean): void => {
        clearTimeout(timer);
        this.#waiting = undefined;
        resolve(answered);
      };
      this.#waiting = { ip: ipText(ip), found: () => done(true) };
      this.#link.send([ip.length === 4 ? this.#whoHas(ip) : this.#solicit(ip)]);
    });
  }

  close(): void {
    this.#link.onFrame(undefined);
    this.#onPacket = undefined;
  }

  #receive(bytes: Buffer): void {
    const frame = decodeFrame(bytes);
    if (frame === undefined || !this.#peerMac.equals(frame.source)) return;
    if (frame.type === EtherType.arp) this.#receiveArp(frame);
    else if (frame.type === EtherType.ipv4 || frame.type === EtherType.ipv6) this.#receiveIp(frame);
  }

  #receiveArp(frame: Frame): void {
    const arp = decodeArp(frame.payload);
    if (arp === undefined) return;
    if (arp.operation === ArpOperation.reply) this.#answered(arp.senderIp);
    if (arp.operation !== ArpOperation.request || !this.ipv4.equals(arp.targetIp)) return;
    const payload = encodeArp({
      operation: ArpOperation.reply,
      senderMac: this.mac,
      senderIp: this.ipv4,
      targetMac: arp.senderMac,
      targetIp: arp.senderIp,
    });
    this.#link.send([encodeFrame({ destination: arp.senderMac, source: this.mac, type: EtherType.arp, payload })]);
  }

  #receiveIp(frame: Frame): void {
    const packet = decodeIp(frame.payload);
    if (packet === undefined) return;
    const neighbour = packet.protocol === Protocol.icmpv6 ? decodeNdp(packet.payload) : undefined;
    if (neighbour?.type === NdpType.advertisement) this.#answered(neighbour.target);
    else if (neighbour?.type === NdpType.solicitation && this.ipv6.equals(neighbour.target)) this.#advertise(packet.source);
    else if (this.addressFor(packet.destination).equals(packet.destination)) this.#onPacket?.(packet);
  }

  #answered(ip: Uint8Array): void {
    if (this.#waiting?.ip === ipText(ip)) this.#waiting.found();
  }

  #whoHas(ip: Uint8Array): Buffer {
    const payload = encodeArp({
      operation: ArpOperation.request,
      senderMac: this.mac,
      senderIp: this.ipv4,
      targetMac: Buffer.alloc(6),
      targetIp: ip,
    });
    return encodeFrame({ destination: BROADCAST_MAC, source: this.mac, type: EtherType.arp, payload });
  }

  #solicit(ip: Uint8Array): Buffer {
    const group = solicitedNode(ip);
    const payload = encodeNdp({ type: NdpType.solicitation, target: ip, mac: this.mac }, this.ipv6, group);
    return this.#frame({ destination: group, protocol: Protocol.icmpv6, hopLimit: 255, payload });
  }

  #advertise(destination: Uint8Array): void {
    const payload = encodeNdp({ type: NdpType.advertisement, target: this.ipv6, mac: this.mac }, this.ipv6, destination);
    this.#link.send([this.#frame({ destination, protocol: Protocol.icmpv6, hopLimit: 255, payload })]);
  }

  #frame(packet: Omit<IpPacket, 'source'>): Buffer {
    const ip = encodeIp({ ...packet, source: this.addressFor(packet.destination) });
    const type = packet.destination.length === 4 ? EtherType.ipv4 : EtherType.ipv6;
    return encodeFrame({
      destination: isMulticast(packet.destination) ? multicastMac(packet.destination) : this.#peerMac,
      source: this.mac,
      type,
      payload: ip,
    });
  }
}

function isMulticast(ip: Uint8Array): boolean {
  const first = ip[0] ?? 0;
  return ip.length === 4 ? first >> 4 === 0xe : first === 0xff;
}
