/** The header sector of a VMDK, and its footer (SparseExtentHeader of VMware's Virtual Disk Format 5.0). */
import { DIRECTORY_AT_END } from '../formats/vmdk/layout.ts';

/** 62 TiB: the largest virtual disk of vSphere. */
export const MOST_SECTORS = 62 * 2 ** 31;

export interface SparseHeader {
  magic: number;
  version: number;
  flags: number;
  /** Sectors of the disk. */
  capacity: number;
  grainSectors: number;
  descriptorSector: number;
  descriptorSectors: number;
  tableEntries: number;
  /** Sector of the grain directory; undefined where the footer has it. */
  directorySector: number | undefined;
  overheadSectors: number;
  unclean: boolean;
  newlineTest: Buffer;
  compression: number;
}

export function isSparse(header: SparseHeader): boolean {
  return header.magic === 0x564d444b;
}

export function decodeHeader(sector: Buffer): SparseHeader {
  const number = (offset: number): number => Number(sector.readBigUInt64LE(offset));
  const directory = sector.readBigUInt64LE(56);
  return {
    magic: sector.readUInt32LE(0),
    version: sector.readUInt32LE(4),
    flags: sector.readUInt32LE(8),
    capacity: number(12),
    grainSectors: number(20),
    descriptorSector: number(28),
    descriptorSectors: number(36),
    tableEntries: sector.readUInt32LE(44),
    directorySector: directory === DIRECTORY_AT_END ? undefined : Number(directory),
    overheadSectors: number(64),
    unclean: sector[72] !== 0,
    newlineTest: sector.subarray(73, 77),
    compression: sector.readUInt16LE(77),
  };
}
