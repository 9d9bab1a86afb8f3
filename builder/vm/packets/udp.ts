/** UDP datagrams (RFC 768). */
import { internetChecksum, pseudoHeader } from './checksum.ts';
import { Protocol } from './ip.ts';

export interface Datagram {
  sourcePort: number;
  destinationPort: number;
  payload: Uint8Array;
}

export function encodeUdp(datagram: Datagram, source: Uint8Array, destination: Uint8Array): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16BE(datagram.sourcePort, 0);
  header.writeUInt16BE(datagram.destinationPort, 2);
  header.writeUInt16BE(8 + datagram.payload.length, 4);
  const bytes = Buffer.concat([header, datagram.payload]);
  const checksum = internetChecksum(pseudoHeader(source, destination, Protocol.udp, bytes.length), bytes);
  // A computed zero goes out as all ones: zero on the wire means "no checksum".
  bytes.writeUInt16BE(checksum === 0 ? 0xffff : checksum, 6);
  return bytes;
}

export function decodeUdp(bytes: Uint8Array): Datagram | undefined {
  if (bytes.length < 8) return undefined;
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const length = data.readUInt16BE(4);
  if (length < 8 || length > data.length) return undefined;
  return { sourcePort: data.readUInt16BE(0), destinationPort: data.readUInt16BE(2), payload: data.subarray(8, length) };
}
