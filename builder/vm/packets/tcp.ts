/** TCP segments (RFC 9293) as a SYN scan sends and reads them: no payload; one option, the maximum segment size, on a SYN. */
import { internetChecksum, pseudoHeader } from './checksum.ts';
import { Protocol } from './ip.ts';

export const TcpFlag = { fin: 0x01, syn: 0x02, rst: 0x04, ack: 0x10 } as const;

export interface Segment {
  sourcePort: number;
  destinationPort: number;
  sequence: number;
  acknowledgement: number;
  flags: number;
}

const MSS_OPTION = Buffer.from('020405b4', 'hex'); // 1460 bytes
const SYN_WINDOW = 1024;

export function encodeTcp(segment: Segment, source: Uint8Array, destination: Uint8Array): Buffer {
  const syn = (segment.flags & TcpFlag.syn) !== 0;
  const header = Buffer.alloc(20);
  header.writeUInt16BE(segment.sourcePort, 0);
  header.writeUInt16BE(segment.destinationPort, 2);
  header.writeUInt32BE(segment.sequence, 4);
  header.writeUInt32BE(segment.acknowledgement, 8);
  header.writeUInt8((syn ? 6 : 5) << 4, 12);
  header.writeUInt8(segment.flags, 13);
  header.writeUInt16BE(syn ? SYN_WINDOW : 0, 14);
  const bytes = syn ? Buffer.concat([header, MSS_OPTION]) : header;
  bytes.writeUInt16BE(internetChecksum(pseudoHeader(source, destination, Protocol.tcp, bytes.length), bytes), 16);
  return bytes;
}

export function decodeTcp(bytes: Uint8Array): Segment | undefined {
  if (bytes.length < 20) return undefined;
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return {
    sourcePort: data.readUInt16BE(0),
    destinationPort: data.readUInt16BE(2),
    sequence: data.readUInt32BE(4),
    acknowledgement: data.readUInt32BE(8),
    flags: data.readUInt8(13),
  };
}
