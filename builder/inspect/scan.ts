/** Walks over the records of a streamOptimized VMDK as an importer does: from front to back, without going back. */
import { promisify } from 'node:util';
import { inflate } from 'node:zlib';

import { GRAIN_BYTES, GRAIN_MARKER_BYTES, GRAIN_SECTORS, MarkerType, SECTOR, TABLE_ENTRIES } from '../formats/vmdk/layout.ts';
import type { Bytes } from './bytes.ts';
import { decodeHeader, type SparseHeader } from './sparse-header.ts';

/** Problems that are listed at most, of each kind: a damaged disk has thousands. */
const MOST = 3;
const WINDOW = 4 << 20;
/** A compressed grain of zeroes is smaller than this; only those are looked into. */
const SMALL = 512;
const unpack = promisify<Buffer, { maxOutputLength: number }, Buffer>(inflate);

/** Something wrong at a byte of the file. */
export interface At {
  byte: number;
  message: string;
}

export interface Scan {
  grains: number;
  /** Grains that do not ascend, or lie beyond the disk. */
  order: At[];
  /** Grains that do not unpack to 64 KiB. */
  damaged: At[];
  /** Grains that hold nothing but zeroes. */
  zeroes: At[];
  /** How the stream ends, or where it breaks off. */
  ending: At[];
  /** Tables and directory that do not agree with the grains. */
  tables: At[];
}

interface Record {
  byte: number;
  value: number;
  /** Compressed bytes of a grain; 0 for a marker. */
  size: number;
  type: number;
}

export async function scanGrains(bytes: Bytes, header: SparseHeader, signal: AbortSignal): Promise<Scan> {
  const scan: Scan = { grains: 0, order: [], damaged: [], zeroes: [], ending: [], tables: [] };
  const places = new Uint32Array(Math.ceil(header.capacity / GRAIN_SECTORS));
  const reader = new RecordReader(bytes, header.overheadSectors * SECTOR);
  let previous = -1;
  let footer: { header: SparseHeader; byte: number } | undefined;
  let ended = false;
  for (let record = await reader.next(); record !== undefined; record = await reader.next()) {
    signal.throwIfAborted();
    if (record.size > 0) {
      previous = checkPlace(scan, record, previous, header.capacity);
      if (record.value % GRAIN_SECTORS === 0) places[record.value / GRAIN_SECTORS] = record.byte / SECTOR;
      await checkGrain(scan, record, reader);
      continue;
    }
    if (record.type === MarkerType.footer) {
      const sector = await reader.read(record.byte + SECTOR, SECTOR);
      if (sector.length === SECTOR) footer = { header: decodeHeader(sector), byte: record.byte + SECTOR };
    } else if (record.type === MarkerType.endOfStream) {
      ended = true;
      checkEnd(scan, record, bytes, header, footer?.byte);
      break;
    } else if (record.type !== MarkerType.grainTable && record.type !== MarkerType.grainDirectory) {
      note(scan.ending, record.byte, `marker of unknown type ${record.type}: nothing behind it can be read`);
      return scan;
    }
    reader.skip(record.value);
  }
  if (!ended) note(scan.ending, bytes.size, 'the file ends without an end-of-stream marker');
  await checkTables(scan, { bytes, header, footer: footer?.header, places });
  return scan;
}

function checkPlace(scan: Scan, { byte, value }: Record, previous: number, capacity: number): number {
  scan.grains += 1;
  if (value <= previous) note(scan.order, byte, `grain of sector ${value} stands behind that of sector ${previous}`);
  if (value % GRAIN_SECTORS !== 0) note(scan.order, byte, `grain of sector ${value}: that is no multiple of ${GRAIN_SECTORS}`);
  if (value >= capacity) note(scan.order, byte, `grain of sector ${value} lies beyond the disk's ${capacity} sectors`);
  return Math.max(previous, value);
}

async function checkGrain(scan: Scan, record: Record, reader: RecordReader): Promise<void> {
  const compressed = await reader.read(record.byte + GRAIN_MARKER_BYTES, record.size);
  if (compressed.length < record.size) {
    note(scan.ending, record.byte, 'the last grain is cut short');
    return;
  }
  const grain = await unpack(compressed, { maxOutputLength: GRAIN_BYTES }).catch(() => undefined);
  if (grain === undefined || grain.length !== GRAIN_BYTES) {
    note(scan.damaged, record.byte, `grain of sector ${record.value} does not unpack to ${GRAIN_BYTES} bytes`);
  } else if (record.size < SMALL && grain.every((byte) => byte === 0)) {
    note(scan.zeroes, record.byte, `grain of sector ${record.value} holds nothing but zeroes`);
  }
}

function checkEnd(scan: Scan, { byte }: Record, bytes: Bytes, header: SparseHeader, footerByte: number | undefined): void {
  if (byte + SECTOR !== bytes.size) note(scan.ending, byte, 'there is more behind the end-of-stream marker');
  if (header.directorySector !== undefined) return;
  if (footerByte === undefined) note(scan.ending, byte, 'the header points to a footer, and there is none');
  else if (footerByte + SECTOR !== byte) note(scan.ending, footerByte, 'the footer is not right before the end-of-stream marker');
}

/** Importers that seek, and QEMU, find grains by directory and tables: they have to tell what the stream tells. */
async function checkTables(
  scan: Scan,
  disk: { bytes: Bytes; header: SparseHeader; footer: SparseHeader | undefined; places: Uint32Array },
): Promise<void> {
  const directorySector = disk.header.directorySector ?? disk.footer?.directorySector;
  if (directorySector === undefined) {
    note(scan.tables, 0, 'neither header nor footer tells where the grain directory is');
    return;
  }
  const count = Math.ceil(disk.places.length / TABLE_ENTRIES);
  const directory = await disk.bytes.read(directorySector * SECTOR, count * 4);
  if (directory.length < count * 4) {
    note(scan.tables, directorySector * SECTOR, 'the grain directory is cut short');
    return;
  }
  for (let index = 0; index < count; index += 1) {
    const sector = directory.readUInt32LE(index * 4);
    const table = sector === 0 ? Buffer.alloc(0) : await disk.bytes.read(sector * SECTOR, TABLE_ENTRIES * 4);
    const wrong = firstDifference(table, disk.places.subarray(index * TABLE_ENTRIES, (index + 1) * TABLE_ENTRIES));
    if (wrong === undefined) continue;
    const grain = index * TABLE_ENTRIES + wrong;
    note(scan.tables, sector * SECTOR + wrong * 4, `the table entry of sector ${grain * GRAIN_SECTORS} does not lead to its grain`);
  }
}

function firstDifference(table: Buffer, places: Uint32Array): number | undefined {
  const index = places.findIndex((place, entry) => place !== (entry * 4 + 4 <= table.length ? table.readUInt32LE(entry * 4) : 0));
  return index < 0 ? undefined : index;
}

function note(list: At[], byte: number, message: string): void {
  if (list.length < MOST) list.push({ byte, message });
}

/** Reads records in large pieces. */
class RecordReader {
  readonly #bytes: Bytes;
  #position: number;
  #window: { start: number; data: Buffer } = { start: 0, data: Buffer.alloc(0) };

  constructor(bytes: Bytes, position: number) {
    this.#bytes = bytes;
    this.#position = position;
  }

  async next(): Promise<Record | undefined> {
    const byte = this.#position;
    const head = await this.read(byte, 16);
    if (head.length < 16) return undefined;
    const record = { byte, value: Number(head.readBigUInt64LE(0)), size: head.readUInt32LE(8), type: head.readUInt32LE(12) };
    this.#position += record.size > 0 ? Math.ceil((GRAIN_MARKER_BYTES + record.size) / SECTOR) * SECTOR : SECTOR;
    return record;
  }

  /** Goes over what a marker announces. */
  skip(sectors: number): void {
    this.#position += sectors * SECTOR;
  }

  async read(position: number, length: number): Promise<Buffer> {
    const { start, data } = this.#window;
    if (position < start || position + length > start + data.length) {
      this.#window = { start: position, data: await this.#bytes.read(position, Math.max(length, WINDOW)) };
    }
    const offset = position - this.#window.start;
    return this.#window.data.subarray(offset, offset + length);
  }
}
