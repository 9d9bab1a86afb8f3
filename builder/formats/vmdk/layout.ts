/**
 * Structures of a streamOptimized VMDK (VMware's Virtual Disk Format 5.0, "Stream-Optimized Compressed Sparse
 * Extents"): a header, the descriptor, compressed grains in ascending order, each full grain table behind its grains,
 * the grain directory, a footer and the end-of-stream marker. All numbers are little-endian; offsets count sectors.
 */
export const SECTOR = 512;
export const GRAIN_SECTORS = 128;
export const GRAIN_BYTES = GRAIN_SECTORS * SECTOR;
/** Entries of a grain table: one covers 32 MiB. */
export const TABLE_ENTRIES = 512;
/** Sectors before the first grain: the header, the descriptor's room, and padding to a grain. */
export const OVERHEAD_SECTORS = 128;
/** In front of a grain: u64 first sector, u32 compressed bytes; the zlib stream follows at once. */
export const GRAIN_MARKER_BYTES = 12;
export const DESCRIPTOR_OFFSET = 1;
const DESCRIPTOR_SECTORS = 20;

const MAGIC = 0x564d444b;
const VERSION = 3;
/** Newline test, compressed grains, markers. */
const FLAGS = 0x30001;
export const COMPRESSION_DEFLATE = 1;
/** The header cannot know where the directory will be: it says so, and the footer has the truth. */
export const DIRECTORY_AT_END = 0xffffffffffffffffn;

export const MarkerType = { endOfStream: 0, grainTable: 1, grainDirectory: 2, footer: 3 } as const;
export type MarkerType = (typeof MarkerType)[keyof typeof MarkerType];

/** The header (`directorySector` absent) or the footer, which repeats it with the directory's place. */
export function sparseHeader(capacitySectors: number, directorySector?: number): Buffer {
  const header = Buffer.alloc(SECTOR);
  header.writeUInt32LE(MAGIC, 0);
  header.writeUInt32LE(VERSION, 4);
  header.writeUInt32LE(FLAGS, 8);
  header.writeBigUInt64LE(BigInt(capacitySectors), 12);
  header.writeBigUInt64LE(BigInt(GRAIN_SECTORS), 20);
  header.writeBigUInt64LE(BigInt(DESCRIPTOR_OFFSET), 28);
  header.writeBigUInt64LE(BigInt(DESCRIPTOR_SECTORS), 36);
  header.writeUInt32LE(TABLE_ENTRIES, 44);
  header.writeBigUInt64LE(0n, 48);
  header.writeBigUInt64LE(directorySector === undefined ? DIRECTORY_AT_END : BigInt(directorySector), 56);
  header.writeBigUInt64LE(BigInt(OVERHEAD_SECTORS), 64);
  // Byte 72 is the flag of an unclean shutdown. The four bytes behind it show a transfer that changed line ends.
  header.write('\n \r\n', 73, 'latin1');
  header.writeUInt16LE(COMPRESSION_DEFLATE, 77);
  return header;
}

/** A metadata marker: how many sectors of what follow. */
export function marker(type: MarkerType, sectors: number): Buffer {
  const sector = Buffer.alloc(SECTOR);
  sector.writeBigUInt64LE(BigInt(sectors), 0);
  sector.writeUInt32LE(type, 12);
  return sector;
}

export interface DescriptorOptions {
  capacitySectors: number;
  /** Name of the VMDK itself, as it stands in the OVF's References. */
  fileName: string;
  /** 16 bytes that follow from the disk's content. */
  contentId: Buffer;
}

/** The text descriptor, padded to its room. Geometry and adapter are those of VMware's own exports, whatever the OVF's controller. */
export function descriptor(options: DescriptorOptions): Buffer {
  const { capacitySectors, contentId } = options;
  const cylinders = Math.min(65535, Math.floor(capacitySectors / (255 * 63)));
  // 0xffffffff and 0xfffffffe mean "no parent" and "unknown" (Virtual Disk Format 5.0).
  const cid = Math.min(contentId.readUInt32BE(0), 0xfffffffd);
  const lines = [
    '# Disk DescriptorFile',
    'version=1',
    `CID=${cid.toString(16).padStart(8, '0')}`,
    'parentCID=ffffffff',
    'createType="streamOptimized"',
    '',
    '# Extent description',
    `RW ${capacitySectors} SPARSE "${options.fileName}"`,
    '',
    '# The Disk Data Base',
    '#DDB',
    '',
    'ddb.adapterType = "lsilogic"',
    `ddb.geometry.cylinders = "${cylinders}"`,
    'ddb.geometry.heads = "255"',
    'ddb.geometry.sectors = "63"',
    `ddb.longContentID = "${contentId.toString('hex').slice(0, 24)}${cid.toString(16).padStart(8, '0')}"`,
    'ddb.toolsInstallType = "4"',
    'ddb.toolsVersion = "2147483647"',
    'ddb.virtualHWVersion = "7"',
    '',
  ];
  const text = Buffer.from(lines.join('\n'), 'utf8');
  const room = DESCRIPTOR_SECTORS * SECTOR;
  if (text.length > room) throw new RangeError(`the VMDK descriptor has ${text.length} bytes, and room for ${room}`);
  return Buffer.concat([text, Buffer.alloc(room - text.length)]);
}
