/** Neighbour discovery over Ethernet (RFC 4861): solicitation and advertisement, with their link-layer address option. */
import { internetChecksum, pseudoHeader } from './checksum.ts';
import { Protocol } from './ip.ts';

export const NdpType = { solicitation: 135, advertisement: 136 } as const;

export interface Neighbour {
  type: number;
  /** The IPv6 address that is asked for or told about. */
  target: Uint8Array;
  /** Sender's MAC in a solicitation, target's in an advertisement; absent where the option is. */
  mac?: Uint8Array;
}

/** Flags of an advertisement: solicited, override. */
const SOLICITED_OVERRIDE = 0x60000000;

export function encodeNdp(neighbour: Required<Neighbour>, source: Uint8Array, destination: Uint8Array): Buffer {
  const bytes = Buffer.alloc(32);
  const advertisement = neighbour.type === NdpType.advertisement;
  bytes.writeUInt8(neighbour.type, 0);
  if (advertisement) bytes.writeUInt32BE(SOLICITED_OVERRIDE, 4);
  bytes.set(neighbour.target, 8);
  bytes.writeUInt8(advertisement ? 2 : 1, 24);
  bytes.writeUInt8(1, 25); // length of the option in units of 8 bytes
  bytes.set(neighbour.mac, 26);
  bytes.writeUInt16BE(internetChecksum(pseudoHeader(source, destination, Protocol.icmpv6, bytes.length), bytes), 2);
  return bytes;
}

/** Undefined where it is no solicitation or advertisement. */
export function decodeNdp(bytes: Uint8Array): Neighbour | undefined {
  const type = bytes[0];
  if (bytes.length < 24 || (type !== NdpType.solicitation && type !== NdpType.advertisement)) return undefined;
  const target = bytes.subarray(8, 24);
  const hasMac = bytes.length >= 32 && (bytes[24] === 1 || bytes[24] === 2) && bytes[25] === 1;
  return hasMac ? { type, target, mac: bytes.subarray(26, 32) } : { type, target };
}
