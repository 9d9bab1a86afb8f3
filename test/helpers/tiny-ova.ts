/** A small OVA that breaks no rule, made by the code that ships, and what it takes to break it on purpose. */
import { createHash } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readFileSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { OVF_DEFAULTS, type OvfOptions, type VappProperty } from '../../builder/formats/ova/options.ts';
import { vappProperties } from '../../builder/formats/ova/properties.ts';
import { endOfArchive, padding, tarHeader } from '../../builder/formats/ova/ustar.ts';
import { type PackRequest, pack } from '../../builder/formats/pack.ts';
import { withCleanup } from '../../builder/kit/cleanup.ts';
import { testContext } from './context.ts';

const MIB = 2 ** 20;
export const CAPACITY = 100 * MIB;

/** A disk with boot code, a GPT with an EFI system partition, and data in the first and third grain table. */
export function tinyDisk(path: string): void {
  const disk = Buffer.alloc(1024 + 16);
  disk.fill(0x90, 0, 440);
  disk.writeUInt16LE(0xaa55, 510);
  disk.write('EFI PART', 512, 'latin1');
  disk.writeUInt32LE(128, 512 + 80);
  disk.writeUInt32LE(128, 512 + 84);
  Buffer.from('28732ac11ff8d211ba4b00a0c93ec93b', 'hex').copy(disk, 1024);
  writeFileSync(path, disk);
  // Holes stay holes: what is not written is not read.
  truncateSync(path, CAPACITY);
  const handle = openSync(path, 'r+');
  for (const [at, text] of [
    [1 * MIB, 'first table'],
    [2 * MIB, 'first table, another grain'],
    [70 * MIB, 'third table'],
  ] as const) {
    writeSync(handle, text, at);
    writeSync(handle, noise(60_000), 0, 60_000, at + 100);
  }
  closeSync(handle);
}

/** Bytes that do not compress, the same every time. */
function noise(length: number): Buffer {
  const blocks: Buffer[] = [];
  for (let at = 0; at < length; at += 32) blocks.push(createHash('sha256').update(String(at)).digest());
  return Buffer.concat(blocks).subarray(0, length);
}

const PROPERTIES: VappProperty[] = [
  {
    key: 'unit.domain',
    type: 'string',
    label: 'Domain',
    description: 'Where the unit is found',
    category: 'Network',
    value: '',
    password: false,
  },
  {
    key: 'unit.secret',
    type: 'string',
    label: 'Password',
    description: 'Of the first user',
    category: 'Users',
    value: '',
    password: true,
    qualifiers: 'MaxLen(64)',
  },
  ...vappProperties(undefined),
];

export function ovfOptions(changes: Partial<OvfOptions> = {}): OvfOptions {
  return {
    ...OVF_DEFAULTS,
    name: 'tiny',
    system: 'debian',
    product: { title: 'Tiny', version: '1.0', vendor: 'Example' },
    annotation: 'A small one',
    eula: 'You may.',
    cpus: 1,
    memoryMiB: 512,
    properties: PROPERTIES,
    dataDisks: [{ name: 'data', bytes: 64 * MIB }],
    ...changes,
  };
}

/** Packs `disk` as `tiny` into a new folder; returns the folder. */
export async function packTiny(disk: string, ovf: OvfOptions, changes: Partial<PackRequest> = {}): Promise<string> {
  const out = mkdtempSync(join(tmpdir(), 'tiny-'));
  const { ctx } = testContext();
  const request: PackRequest = {
    disk,
    baseName: 'tiny',
    formats: ['ova'],
    out,
    compression: 'zstd',
    ovaFolder: false,
    ovf,
    mtime: new Date('2020-01-01T00:00:00Z'),
    ...changes,
  };
  await withCleanup((cleanup) => pack(request, ctx, cleanup));
  return out;
}

/** A member of a tar, with what is done to its header last. */
export interface Member {
  name: string;
  data: Buffer;
  header?: (header: Buffer) => Buffer;
}

/** The members of an OVA that is whole. */
export function membersOf(ova: Buffer): Member[] {
  const members: Member[] = [];
  for (let at = 0; ova[at] !== 0; ) {
    const name = ova.toString('latin1', at, ova.indexOf(0, at));
    const size = Number.parseInt(ova.toString('latin1', at + 124, at + 135), 8);
    members.push({ name, data: Buffer.from(ova.subarray(at + 512, at + 512 + size)) });
    at += 512 + size + padding(size).length;
  }
  return members;
}

export async function tarOf(members: readonly Member[]): Promise<Buffer> {
  const blocks: Buffer[] = [];
  for (const { name, data, header } of members) {
    const plain = await tarHeader({ name, size: data.length, mtime: new Date(0) });
    blocks.push(header === undefined ? plain : header(plain), data, padding(data.length));
  }
  return Buffer.concat([...blocks, endOfArchive()]);
}

/** Changes a tar header and sets its checksum right again. */
export function withHeader(change: (header: Buffer) => void): (header: Buffer) => Buffer {
  return (header) => {
    change(header);
    header.fill(0x20, 148, 156);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    return header;
  };
}

export function sha256(data: Buffer | string): string {
  return createHash('sha256').update(data).digest('hex');
}

/** The manifest as it must be. */
export function manifestOf(members: readonly Member[]): string {
  return members
    .filter(({ name }) => !/\.(mf|cert)$/.test(name))
    .map(({ name, data }) => `SHA256(${name})= ${sha256(data)}\n`)
    .join('');
}

export function readOva(folder: string): Buffer {
  return readFileSync(join(folder, 'tiny.ova'));
}
