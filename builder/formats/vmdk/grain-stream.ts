import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

import { ExitCode, UserError } from '../../kit/errors.ts';
import { writeAll } from '../write-all.ts';
import { MarkerType, marker, OVERHEAD_SECTORS, SECTOR, sparseHeader, TABLE_ENTRIES } from './layout.ts';
import type { DeflatedBatch } from './threads.ts';

/** Appends grains, and each grain table behind its grains: what is in memory is one table and the directory. */
export class GrainStream {
  /** Grains written so far. */
  grains = 0;
  readonly #handle: FileHandle;
  readonly #directory: Buffer;
  readonly #content = createHash('sha256');
  #sector = OVERHEAD_SECTORS;
  #table: { index: number; entries: Buffer } | undefined;

  constructor(handle: FileHandle, grainCount: number) {
    this.#handle = handle;
    const tables = Math.ceil(grainCount / TABLE_ENTRIES);
    this.#directory = Buffer.alloc(Math.ceil((tables * 4) / SECTOR) * SECTOR);
    this.#content.update(String(grainCount));
  }

  /** Where the next record will stand; the size of the file in the end. */
  get sector(): number {
    return this.#sector;
  }

  /** Batches come in ascending order and never cross a table. */
  async add({ bytes, grains }: DeflatedBatch): Promise<void> {
    const first = grains[0];
    if (first === undefined) return;
    const index = Math.floor(first.number / TABLE_ENTRIES);
    if (this.#table?.index !== index) {
      await this.#finishTable();
      this.#table = { index, entries: Buffer.alloc(TABLE_ENTRIES * 4) };
    }
    for (const { number, at, checksum } of grains) {
      this.#table.entries.writeUInt32LE(this.#sector + at / SECTOR, (number % TABLE_ENTRIES) * 4);
      this.#content.update(`,${number}:${checksum}`);
    }
    this.grains += grains.length;
    await this.#append(bytes);
  }

  /** The last table, the directory, the footer and the end of the stream. */
  async finish(capacitySectors: number): Promise<void> {
    await this.#finishTable();
    await this.#append(marker(MarkerType.grainDirectory, this.#directory.length / SECTOR));
    const directorySector = this.#sector;
    await this.#append(this.#directory);
    await this.#append(marker(MarkerType.footer, 1));
    await this.#append(sparseHeader(capacitySectors, directorySector));
    await this.#append(marker(MarkerType.endOfStream, 0));
  }

  /** 16 bytes that follow from the disk's size and the checksums of its grains: the deflate level does not matter. */
  contentId(): Buffer {
    return this.#content.digest().subarray(0, 16);
  }

  async #finishTable(): Promise<void> {
    if (this.#table === undefined) return;
    const { index, entries } = this.#table;
    await this.#append(marker(MarkerType.grainTable, entries.length / SECTOR));
    this.#directory.writeUInt32LE(this.#sector, index * 4);
    await this.#append(entries);
    this.#table = undefined;
  }

  async #append(bytes: Uint8Array): Promise<void> {
    if (this.#sector + bytes.length / SECTOR > 0xffff_ffff) throw tooLarge();
    await writeAll(this.#handle, bytes, this.#sector * SECTOR);
    this.#sector += bytes.length / SECTOR;
  }
}

function tooLarge(): UserError {
  return new UserError('The disk is too large for a VMDK', {
    exitCode: ExitCode.usage,
    why: 'its grain tables hold 32-bit sector numbers: 2 TiB of compressed data is the most',
    remedies: ['take qcow2 or raw for this disk', 'keep the data on an empty second disk of the OVA'],
  });
}
