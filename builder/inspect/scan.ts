/** Walks over the records of a streamOptimized VMDK as an importer does: from front to back, without going back. */
import { promisify } from 'node:util';
import { inflate } from 'node:zlib';

import { GRAIN_BYTES, GRAIN_MARKER_BYTES, GRAIN_SECTORS, MarkerType, SECTOR, TABLE_ENTRIES } from '../formats/vmdk/layout.ts';
import type { Bytes } from './bytes.ts';
import { decodeHeader, isSparse, type SparseHeader } from './sparse-header.ts';

/** Problems that are listed at most, of each kind: a damaged disk has thousands. */
const MOST = 3;
const WINDOW = 4 << 20;
/** A compressed grain of zeroes is smaller than this; only those are looked into. */
const SMALL = 512;
/** No deflated grain is larger: zlib grows what it cannot compress by 5 bytes in 16 KiB and its frame. */
const LARGEST_GRAIN = GRAIN_BYTES + 1024;
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
  const tables = await TableCheck.open(scan, bytes, header);
  const reader = new RecordReader(bytes, header.overheadSectors * SECTOR);
  let previous = -1;
  let footer: number | undefined;
  let ended = false;
  for (let record = await reader.next(); record !== undefined; record = await reader.next()) {
    signal.throwIfAborted();
    if (record.size > 0) {
      if (inPlace(scan, record, previous, header.capacity)) await tables?.add(record);
      previous = Math.max(previous, record.value);
      await checkGrain(scan, record, reader);
      continue;
    }
    if (record.type === MarkerType.footer) {
      footer = record.byte + SECTOR;
    } else if (record.type === MarkerType.endOfStream) {
      ended = true;
      checkEnd(scan, record, bytes, header, footer);
      break;
    } else if (record.type !== MarkerType.grainTable && record.type !== MarkerType.grainDirectory) {
      note(scan.ending, record.byte, `marker of unknown type ${record.type}: nothing behind it can be read`);
      return scan;
    }
    reader.skip(record.value);
  }
  if (!ended) note(scan.ending, bytes.size, 'the file ends without an end-of-stream marker');
  await tables?.finish();
  return scan;
}

function inPlace(scan: Scan, { byte, value }: Record, previous: number, capacity: number): boolean {
  scan.grains += 1;
  const problems = [
    ...(value <= previous ? [`grain of sector ${value} stands behind that of sector ${previous}`] : []),
    ...(value % GRAIN_SECTORS === 0 ? [] : [`grain of sector ${value}: that is no multiple of ${GRAIN_SECTORS}`]),
    ...(value < capacity ? [] : [`grain of sector ${value} lies beyond the disk's ${capacity} sectors`]),
  ];
  for (const problem of problems) note(scan.order, byte, problem);
  return problems.length === 0;
}

async function checkGrain(scan: Scan, record: Record, reader: RecordReader): Promise<void> {
  if (record.size > LARGEST_GRAIN) {
    note(scan.damaged, record.byte, `grain of sector ${record.value} claims ${record.size} bytes, more than any has`);
    return;
  }
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

/**
 * Importers that seek, and QEMU, find grains by directory and tables: they have to tell what the stream tells. Grains
 * ascend, so each table is compared once its last grain went by: what is in memory is one table and the directory.
 */
class TableCheck {
  readonly #scan: Scan;
  readonly #bytes: Bytes;
  readonly #directory: Buffer;
  /** Sectors of the grains of table `#index` in the stream. */
  readonly #places = new Uint32Array(TABLE_ENTRIES);
  #index = 0;

  private constructor(scan: Scan, bytes: Bytes, directory: Buffer) {
    this.#scan = scan;
    this.#bytes = bytes;
    this.#directory = directory;
  }

  /** Undefined, with a note, where there is no directory. */
  static async open(scan: Scan, bytes: Bytes, header: SparseHeader): Promise<TableCheck | undefined> {
    const sector = header.directorySector ?? (await directoryOfFooter(bytes));
    if (sector === undefined) {
      note(scan.tables, 0, 'neither header nor footer tells where the grain directory is');
      return undefined;
    }
    const length = Math.ceil(header.capacity / GRAIN_SECTORS / TABLE_ENTRIES) * 4;
    const directory = await bytes.read(sector * SECTOR, length);
    if (directory.length === length) return new TableCheck(scan, bytes, directory);
    note(scan.tables, sector * SECTOR, 'the grain directory is cut short');
    return undefined;
  }

  /** Takes a grain that is in its place: behind all before it, and on the disk. */
  async add({ byte, value }: Record): Promise<void> {
    const grain = value / GRAIN_SECTORS;
    while (this.#index < Math.floor(grain / TABLE_ENTRIES)) await this.#next();
    this.#places[grain % TABLE_ENTRIES] = byte / SECTOR;
  }

  async finish(): Promise<void> {
    while (this.#index * 4 < this.#directory.length) await this.#next();
  }

  async #next(): Promise<void> {
    const sector = this.#directory.readUInt32LE(this.#index * 4);
    const table = sector === 0 ? Buffer.alloc(0) : await this.#bytes.read(sector * SECTOR, TABLE_ENTRIES * 4);
    const wrong = this.#places.findIndex((place, entry) => place !== (entry * 4 + 4 <= table.length ? table.readUInt32LE(entry * 4) : 0));
    if (wrong >= 0) {
      const grain = this.#index * TABLE_ENTRIES + wrong;
      note(this.#scan.tables, sector * SECTOR + wrong * 4, `the table entry of sector ${grain * GRAIN_SECTORS} does not lead to its grain`);
    }
    this.#places.fill(0);
    this.#index += 1;
  }
}

/** The footer is the last sector but one. */
async function directoryOfFooter(bytes: Bytes): Promise<number | undefined> {
  const sector = bytes.size < 2 * SECTOR ? Buffer.alloc(0) : await bytes.read(bytes.size - 2 * SECTOR, SECTOR);
  const footer = sector.length === SECTOR ? decodeHeader(sector) : undefined;
  return footer !== undefined && isSparse(footer) ? footer.directorySector : undefined;
}

function note(list: At[], byte: number, message: string): void {
  if (list.length < MOST) list.push({ byte, message });
}

/** Reads records in large pieces, all into one buffer: what `read` gives is valid until it is called again. */
class RecordReader {
  readonly #bytes: Bytes;
  readonly #buffer = Buffer.alloc(WINDOW);
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
      this.#window = { start: position, data: await this.#bytes.fill(this.#buffer, position) };
    }
    const offset = position - this.#window.start;
    return this.#window.data.subarray(offset, offset + length);
  }
}
