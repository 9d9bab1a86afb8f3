/** A VMDK as its bytes have it: header, descriptor and, on demand, every grain (VMware's Virtual Disk Format 5.0). */
import { GRAIN_SECTORS, SECTOR, TABLE_ENTRIES } from '../formats/vmdk/layout.ts';
import type { Bytes } from './bytes.ts';
import { type Scan, scanGrains } from './scan.ts';
import { decodeHeader, isSparse, MOST_SECTORS, type SparseHeader } from './sparse-header.ts';

export interface Extent {
  access: string;
  sectors: number;
  type: string;
  fileName: string;
}

export interface Descriptor {
  values: ReadonlyMap<string, string>;
  extents: readonly Extent[];
}

export class Vmdk {
  /** As reports name it. */
  readonly path: string;
  /** Its file name, without folders. */
  readonly name: string;
  readonly bytes: Bytes;
  readonly header: SparseHeader;
  readonly descriptor: Descriptor | undefined;
  #scan: Promise<Scan> | undefined;

  private constructor(file: { path: string; name: string; bytes: Bytes }, header: SparseHeader, descriptor: Descriptor | undefined) {
    this.path = file.path;
    this.name = file.name;
    this.bytes = file.bytes;
    this.header = header;
    this.descriptor = descriptor;
  }

  static async open(file: { path: string; name: string; bytes: Bytes }): Promise<Vmdk> {
    const header = decodeHeader(await padded(file.bytes, 0, SECTOR));
    const text = await file.bytes.read(header.descriptorSector * SECTOR, Math.min(header.descriptorSectors, 2048) * SECTOR);
    const end = text.indexOf(0);
    const descriptor = parseDescriptor(text.toString('utf8', 0, end < 0 ? text.length : end));
    return new Vmdk(file, header, descriptor);
  }

  /** Whether its grains can be walked: a streamOptimized file with the geometry that this format has. */
  get isStream(): boolean {
    const { header } = this;
    return (
      isSparse(header) &&
      (header.flags & 0x30000) === 0x30000 &&
      header.grainSectors === GRAIN_SECTORS &&
      header.tableEntries === TABLE_ENTRIES &&
      header.capacity <= MOST_SECTORS
    );
  }

  /** Walks over the whole file, once, whoever asks. */
  scan(signal: AbortSignal): Promise<Scan> {
    this.#scan ??= scanGrains(this.bytes, this.header, signal);
    return this.#scan;
  }
}

function parseDescriptor(text: string): Descriptor | undefined {
  if (!text.startsWith('# Disk DescriptorFile')) return undefined;
  const values = new Map<string, string>();
  const extents: Extent[] = [];
  for (const line of text.split(/\r?\n/)) {
    const extent = /^(RW|RDONLY|NOACCESS)\s+(\d+)\s+([A-Z]+)\s+"(.*)"/.exec(line);
    const value = /^([A-Za-z][\w.]*)\s*=\s*"?([^"]*)"?\s*$/.exec(line);
    if (extent !== null) {
      extents.push({ access: extent[1] ?? '', sectors: Number(extent[2]), type: extent[3] ?? '', fileName: extent[4] ?? '' });
    } else if (value !== null) {
      values.set(value[1] ?? '', value[2] ?? '');
    }
  }
  return { values, extents };
}

/** Bytes that may be cut short, filled up with zeroes: decoding never reads beyond the end. */
async function padded(bytes: Bytes, position: number, length: number): Promise<Buffer> {
  const data = await bytes.read(position, length);
  return data.length === length ? data : Buffer.concat([data, Buffer.alloc(length - data.length)]);
}
