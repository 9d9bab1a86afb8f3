/** Ethernet II frames, without the frame check sequence: as QEMU hands them over. */
export const EtherType = { ipv4: 0x0800, arp: 0x0806, ipv6: 0x86dd } as const;

export interface Frame {
  destination: Uint8Array;
  source: Uint8Array;
  type: number;
  payload: Uint8Array;
}

/** Shortest frame on a wire without its check sequence (IEEE 802.3); some NIC models drop shorter ones. */
const SHORTEST = 60;
export const BROADCAST_MAC: Uint8Array = Buffer.alloc(6, 0xff);

export function encodeFrame(frame: Frame): Buffer {
  const type = Buffer.alloc(2);
  type.writeUInt16BE(frame.type);
  const padding = Buffer.alloc(Math.max(0, SHORTEST - 14 - frame.payload.length));
  return Buffer.concat([frame.destination, frame.source, type, frame.payload, padding]);
}

/** Undefined where the bytes are too short to be a frame. */
export function decodeFrame(bytes: Buffer): Frame | undefined {
  if (bytes.length < 14) return undefined;
  return {
    destination: bytes.subarray(0, 6),
    source: bytes.subarray(6, 12),
    type: bytes.readUInt16BE(12),
    payload: bytes.subarray(14),
  };
}
