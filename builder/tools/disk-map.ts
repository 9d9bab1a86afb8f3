/** Where a disk image has data: read from `qemu-img map`, so that holes are never read and qcow2 needs no conversion. */
import { open } from 'node:fs/promises';
import Type, { type Static } from 'typebox';
import { run } from '../kit/command.ts';
import type { Context } from '../kit/context.ts';
import { compileSchema } from '../kit/schema.ts';
import type { DiskFormat } from './qemu-img.ts';

const MapEntry = Type.Object({
  start: Type.Integer(),
  length: Type.Integer(),
  data: Type.Boolean(),
  zero: Type.Boolean(),
  offset: Type.Optional(Type.Integer()),
  depth: Type.Integer(),
});
type MapEntry = Static<typeof MapEntry>;

/** A run of the disk whose bytes stand, as they are, at `offset` of the image file. */
export interface Extent {
  start: number;
  length: number;
  offset: number;
}

function mapArguments(path: string, format: DiskFormat): string[] {
  return ['map', '--output=json', '-f', format, path];
}

/**
 * The extents with data, ascending; undefined where some cannot be read straight from the file (compressed clusters, a
 * backing or a data file, a VMDK whose extents are files of their own): the caller converts such an image first.
 */
export async function mapExtents(ctx: Context, disk: { path: string; format: DiskFormat }): Promise<Extent[] | undefined> {
  if (disk.format === 'vmdk' || (disk.format === 'qcow2' && (await hasDataFile(disk.path)))) return undefined;
  const { stdout } = await run(ctx, 'qemu-img', mapArguments(disk.path, disk.format), { quiet: true });
  const data: unknown = JSON.parse(stdout);
  const violations = compileSchema(Type.Array(MapEntry))(data);
  if (violations.length > 0) throw new Error(`qemu-img map says what was not expected: ${violations[0]?.path} ${violations[0]?.message}`);
  return toExtents(data as MapEntry[]);
}

/** Incompatible feature bit 2 of a qcow2 header (docs/interop/qcow2.txt): the map's offsets are then those of another file. */
async function hasDataFile(path: string): Promise<boolean> {
  const header = Buffer.alloc(80);
  const handle = await open(path);
  try {
    await handle.read(header, 0, header.length, 0);
  } finally {
    await handle.close();
  }
  return header.readUInt32BE(4) >= 3 && (header.readBigUInt64BE(72) & 4n) !== 0n;
}

/** Exported for its test. */
export function toExtents(entries: readonly MapEntry[]): Extent[] | undefined {
  const extents: Extent[] = [];
  for (const { start, length, data, zero, offset, depth } of entries) {
    if (!data || zero) continue;
    if (offset === undefined || depth !== 0) return undefined;
    const last = extents.at(-1);
    if (last !== undefined && last.start + last.length === start && last.offset + last.length === offset) last.length += length;
    else extents.push({ start, length, offset });
  }
  return extents;
}
