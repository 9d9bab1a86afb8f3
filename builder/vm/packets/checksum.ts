/** The Internet checksum (RFC 1071) and the pseudo-headers that TCP, UDP and ICMPv6 put before their own bytes. */

/** One's complement of the one's complement sum of 16-bit words; an odd last byte counts as if a zero followed. */
export function internetChecksum(...parts: readonly Uint8Array[]): number {
  const data = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
  let sum = 0;
  for (let index = 0; index < data.length; index += 2) sum += ((data[index] ?? 0) << 8) | (data[index + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}

/** The pseudo-header of RFC 9293 (IPv4, addresses of 4 bytes) or of RFC 8200 section 8.1 (IPv6, 16 bytes). */
export function pseudoHeader(source: Uint8Array, destination: Uint8Array, protocol: number, length: number): Buffer {
  const tail = source.length === 4 ? Buffer.alloc(4) : Buffer.alloc(8);
  if (source.length === 4) {
    tail.writeUInt8(protocol, 1);
    tail.writeUInt16BE(length, 2);
  } else {
    tail.writeUInt32BE(length, 0);
    tail.writeUInt8(protocol, 7);
  }
  return Buffer.concat([source, destination, tail]);
}
