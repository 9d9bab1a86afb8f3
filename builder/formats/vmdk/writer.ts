/**
 * Writes a streamOptimized VMDK. Grains are deflated in libuv's thread pool, a window of them at a time, and written in
 * order: memory stays the same whatever the disk's size, and the same disk with the same options gives the same bytes.
 */
import { createHash } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import { deflate } from 'node:zlib';

import type { Cleanup } from '../../kit/cleanup.ts';
import type { Context } from '../../kit/context.ts';
import { temporaryBeside } from '../../kit/files.ts';
import { sha256File } from '../../kit/hash.ts';
import { type Extent, type Grain, readGrains } from './extents.ts';
import {
  DESCRIPTOR_OFFSET,
  descriptor,
  GRAIN_BYTES,
  GRAIN_SECTORS,
  grainRecord,
  MarkerType,
  marker,
  OVERHEAD_SECTORS,
  SECTOR,
  sparseHeader,
  TABLE_ENTRIES,
} from './layout.ts';

export interface VmdkRequest {
  /** File that the extents point into. */
  source: string;
  extents: readonly Extent[];
  /** Virtual size in bytes; rounded up to whole sectors. */
  capacity: number;
  /** Deflate level, 1 to 9; 5 takes a third of qemu-img's time for 1 % more bytes. */
  level?: number;
  /** Name by which the OVF refers to it; that of `target` by default. */
  fileName: string;
  target: string;
}

export interface VmdkResult {
  file: string;
  sha256: string;
  /** Bytes of the file. */
  size: number;
  /** Virtual size in bytes. */
  capacity: number;
  /** Bytes of grains that hold data. */
  populated: number;
}

const LEVEL = 5;
const ZERO_GRAIN = Buffer.alloc(GRAIN_BYTES);
const compress = promisify<Buffer, { level: number }, Buffer>(deflate);
/** Bytes that are gathered before they are written. */
const WRITE_CHUNK = 4 << 20;

/** Writes `target`, which appears only when it is whole. */
export async function writeStreamOptimized(request: VmdkRequest, ctx: Context, cleanup: Cleanup): Promise<VmdkResult> {
  const partial = temporaryBeside(request.target);
  const keep = cleanup.add(`unfinished ${request.target}`, () => rm(partial, { force: true }));
  const handle = await open(partial, 'wx');
  try {
    const written = await writeBody(handle, request, ctx);
    await handle.sync();
    await handle.close();
    const sha256 = await sha256File(partial);
    await rename(partial, request.target);
    keep();
    return { file: request.target, sha256, ...written };
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(partial, { force: true });
    throw error;
  }
}

async function writeBody(handle: FileHandle, request: VmdkRequest, ctx: Context): Promise<Omit<VmdkResult, 'file' | 'sha256'>> {
  const capacitySectors = Math.ceil(request.capacity / SECTOR);
  const out = new SectorWriter(handle, OVERHEAD_SECTORS);
  const tables = new GrainTables(capacitySectors);
  const content = createHash('sha256').update(`${capacitySectors}`);
  let grains = 0;
  for await (const { index, compressed } of deflateInOrder(readGrains(request.source, request.extents), request.level ?? LEVEL)) {
    ctx.signal.throwIfAborted();
    for (const full of tables.completeBefore(index)) await writeTable(out, tables, full);
    content.update(compressed).update(String(index));
    tables.set(index, out.sector);
    await out.write(grainRecord(index, compressed));
    grains += 1;
    if (grains % 512 === 0) ctx.events.progress('compressing the disk', (index * GRAIN_SECTORS) / capacitySectors);
  }
  for (const rest of tables.completeBefore(Number.POSITIVE_INFINITY)) await writeTable(out, tables, rest);
  await writeEnd(out, tables, capacitySectors);
  await out.flush();

  const contentId = content.digest().subarray(0, 16);
  const head = Buffer.alloc(OVERHEAD_SECTORS * SECTOR);
  sparseHeader(capacitySectors).copy(head, 0);
  descriptor({ capacitySectors, fileName: request.fileName, contentId }).copy(head, DESCRIPTOR_OFFSET * SECTOR);
  await handle.write(head, 0, head.length, 0);
  return { size: out.sector * SECTOR, capacity: capacitySectors * SECTOR, populated: grains * GRAIN_BYTES };
}

async function writeTable(out: SectorWriter, tables: GrainTables, index: number): Promise<void> {
  const table = tables.table(index);
  await out.write(marker(MarkerType.grainTable, table.length / SECTOR));
  tables.place(index, out.sector);
  await out.write(table);
}

async function writeEnd(out: SectorWriter, tables: GrainTables, capacitySectors: number): Promise<void> {
  const directory = tables.directory();
  await out.write(marker(MarkerType.grainDirectory, directory.length / SECTOR));
  const directorySector = out.sector;
  await out.write(directory);
  await out.write(marker(MarkerType.footer, 1));
  await out.write(sparseHeader(capacitySectors, directorySector));
  await out.write(marker(MarkerType.endOfStream, 0));
}

/** Deflates grains that are not all zero, several at once, and gives them in the order in which they came. */
async function* deflateInOrder(grains: AsyncIterable<Grain>, level: number): AsyncGenerator<{ index: number; compressed: Buffer }> {
  const window = availableParallelism() * 8;
  const pending: Promise<{ index: number; compressed: Buffer }>[] = [];
  for await (const { index, data } of grains) {
    if (data.equals(ZERO_GRAIN)) continue;
    const work = compress(data, { level }).then((compressed) => ({ index, compressed }));
    // Awaited later, in order: a failure must not count as unhandled until then.
    work.catch(() => undefined);
    pending.push(work);
    if (pending.length >= window) yield await (pending.shift() as Promise<{ index: number; compressed: Buffer }>);
  }
  for (const work of pending) yield await work;
}

/** Gathers records and writes them in large pieces, counting sectors. */
class SectorWriter {
  readonly #handle: FileHandle;
  #sector: number;
  #written: number;
  #waiting: Buffer[] = [];
  #bytes = 0;

  constructor(handle: FileHandle, startSector: number) {
    this.#handle = handle;
    this.#sector = startSector;
    this.#written = startSector * SECTOR;
  }

  /** Where the next record will stand. */
  get sector(): number {
    return this.#sector;
  }

  async write(record: Buffer): Promise<void> {
    this.#waiting.push(record);
    this.#bytes += record.length;
    this.#sector += record.length / SECTOR;
    if (this.#bytes >= WRITE_CHUNK) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#bytes === 0) return;
    await this.#handle.writev(this.#waiting, this.#written);
    this.#written += this.#bytes;
    this.#waiting = [];
    this.#bytes = 0;
  }
}

/** The grain tables of a disk: only the one that grains go into now is in memory. */
class GrainTables {
  readonly #sectors: number[];
  #open: { index: number; entries: Buffer } | undefined;

  constructor(capacitySectors: number) {
    const count = Math.ceil(Math.ceil(capacitySectors / GRAIN_SECTORS) / TABLE_ENTRIES);
    this.#sectors = new Array<number>(count).fill(0);
  }

  /** The open table where grain `index` lies beyond it: it has all its grains then. */
  completeBefore(index: number): number[] {
    const open = this.#open;
    return open === undefined || Math.floor(index / TABLE_ENTRIES) === open.index ? [] : [open.index];
  }

  set(grain: number, sector: number): void {
    const index = Math.floor(grain / TABLE_ENTRIES);
    if (this.#open?.index !== index) this.#open = { index, entries: Buffer.alloc(TABLE_ENTRIES * 4) };
    this.#open.entries.writeUInt32LE(sector, (grain % TABLE_ENTRIES) * 4);
  }

  table(index: number): Buffer {
    if (this.#open?.index !== index) throw new Error(`grain table ${index} is not open`);
    return this.#open.entries;
  }

  place(index: number, sector: number): void {
    this.#sectors[index] = sector;
    this.#open = undefined;
  }

  directory(): Buffer {
    const directory = Buffer.alloc(Math.ceil((this.#sectors.length * 4) / SECTOR) * SECTOR);
    for (const [index, sector] of this.#sectors.entries()) directory.writeUInt32LE(sector, index * 4);
    return directory;
  }
}
