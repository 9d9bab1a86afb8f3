/** ARP for IPv4 over Ethernet (RFC 826). */
export const ArpOperation = { request: 1, reply: 2 } as const;

export interface Arp {
  operation: number;
  senderMac: Uint8Array;
  senderIp: Uint8Array;
  targetMac: Uint8Array;
  targetIp: Uint8Array;
}

/** Hardware type Ethernet, protocol type IPv4, and the lengths of their addresses. */
const PREFIX = Buffer.from('0001080006040000', 'hex');

export function encodeArp(arp: Arp): Buffer {
  const head = Buffer.from(PREFIX);
  head.writeUInt16BE(arp.operation, 6);
  return Buffer.concat([head, arp.senderMac, arp.senderIp, arp.targetMac, arp.targetIp]);
}

/** Undefined where it is not ARP for IPv4 over Ethernet. */
export function decodeArp(bytes: Uint8Array): Arp | undefined {
  if (bytes.length < 28 || !PREFIX.subarray(0, 6).equals(bytes.subarray(0, 6))) return undefined;
  return {
    operation: ((bytes[6] ?? 0) << 8) | (bytes[7] ?? 0),
    senderMac: bytes.subarray(8, 14),
    senderIp: bytes.subarray(14, 18),
    targetMac: bytes.subarray(18, 24),
    targetIp: bytes.subarray(24, 28),
  };
}
