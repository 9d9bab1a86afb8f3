/** IPv4 (RFC 791) and IPv6 (RFC 8200) packets without options, extension headers or fragments: all that a scan needs. */
import { internetChecksum } from './checksum.ts';

export const Protocol = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58 } as const;

export interface IpPacket {
  /** 4 or 16 bytes; both addresses are of one family. */
  source: Uint8Array;
  destination: Uint8Array;
  protocol: number;
  /** 64 by default. Neighbour discovery demands 255 (RFC 4861, section 7.1). */
  hopLimit?: number;
  payload: Uint8Array;
}

export function encodeIp(packet: IpPacket): Buffer {
  return packet.source.length === 4 ? encodeIpv4(packet) : encodeIpv6(packet);
}

function encodeIpv4(packet: IpPacket): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt8(0x45, 0);
  header.writeUInt16BE(20 + packet.payload.length, 2);
  header.writeUInt16BE(0x4000, 6); // don't fragment
  header.writeUInt8(packet.hopLimit ?? 64, 8);
  header.writeUInt8(packet.protocol, 9);
  header.set(packet.source, 12);
  header.set(packet.destination, 16);
  header.writeUInt16BE(internetChecksum(header), 10);
  return Buffer.concat([header, packet.payload]);
}

function encodeIpv6(packet: IpPacket): Buffer {
  const header = Buffer.alloc(40);
  header.writeUInt8(0x60, 0);
  header.writeUInt16BE(packet.payload.length, 4);
  header.writeUInt8(packet.protocol, 6);
  header.writeUInt8(packet.hopLimit ?? 64, 7);
  header.set(packet.source, 8);
  header.set(packet.destination, 24);
  return Buffer.concat([header, packet.payload]);
}

/** Undefined where it is not a whole, unfragmented packet. An Ethernet frame's padding is cut off by the length field. */
export function decodeIp(bytes: Uint8Array): IpPacket | undefined {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (data.length < 20) return undefined;
  return data.readUInt8(0) >> 4 === 4 ? decodeIpv4(data) : decodeIpv6(data);
}

function decodeIpv4(data: Buffer): IpPacket | undefined {
  const headerLength = (data.readUInt8(0) & 0x0f) * 4;
  const length = data.readUInt16BE(2);
  const fragment = data.readUInt16BE(6) & 0x3fff;
  if (headerLength < 20 || length < headerLength || length > data.length || fragment !== 0) return undefined;
  return {
    source: data.subarray(12, 16),
    destination: data.subarray(16, 20),
    protocol: data.readUInt8(9),
    hopLimit: data.readUInt8(8),
    payload: data.subarray(headerLength, length),
  };
}

function decodeIpv6(data: Buffer): IpPacket | undefined {
  if (data.length < 40 || data.readUInt8(0) >> 4 !== 6) return undefined;
  const length = data.readUInt16BE(4);
  if (40 + length > data.length) return undefined;
  return {
    source: data.subarray(8, 24),
    destination: data.subarray(24, 40),
    protocol: data.readUInt8(6),
    hopLimit: data.readUInt8(7),
    payload: data.subarray(40, 40 + length),
  };
}
