import { inflateSync } from 'node:zlib';

import { GRAIN_BYTES, GRAIN_MARKER_BYTES, SECTOR } from '../formats/vmdk/layout.ts';
import type { Vmdk } from './vmdk.ts';

/** The first 64 KiB of a disk: boot sector and partition table. Undefined where they cannot be read. */
export async function firstGrain(disk: Vmdk): Promise<Buffer | undefined> {
  const position = disk.header.overheadSectors * SECTOR;
  const marker = await disk.bytes.read(position, GRAIN_MARKER_BYTES);
  if (marker.length < GRAIN_MARKER_BYTES) return undefined;
  const size = marker.readUInt32LE(8);
  // The first record is a grain of another place, or none at all: the start of the disk is empty.
  if (size === 0 || marker.readBigUInt64LE(0) !== 0n) return Buffer.alloc(GRAIN_BYTES);
  try {
    return inflateSync(await disk.bytes.read(position + GRAIN_MARKER_BYTES, size), { maxOutputLength: GRAIN_BYTES });
  } catch {
    return undefined;
  }
}
