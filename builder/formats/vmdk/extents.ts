/** Where a disk image has data: read from `qemu-img map`, so that holes are never read and qcow2 needs no conversion. */
import { open } from 'node:fs/promises';
import Type, { type Static } from 'typebox';
import { run } from '../../kit/command.ts';
import type { Context } from '../../kit/context.ts';
import { compileSchema } from '../../kit/schema.ts';
import { GRAIN_BYTES } from './layout.ts';

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

/**
 * The extents with data, ascending; undefined where some cannot be read straight from the file (compressed clusters,
 * a backing file): the caller converts such an image first.
 */
export async function mapExtents(ctx: Context, file: string, format: string): Promise<Extent[] | undefined> {
  const { stdout } = await run(ctx, 'qemu-img', ['map', '--output=json', '--force-share', '-f', format, file], { quiet: true });
  const data: unknown = JSON.parse(stdout);
  const violations = compileSchema(Type.Array(MapEntry))(data);
  if (violations.length > 0) throw new Error(`qemu-img map says what was not expected: ${violations[0]?.path} ${violations[0]?.message}`);
  return toExtents(data as MapEntry[]);
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

export interface Grain {
  index: number;
  /** 64 KiB; what lies beyond the disk's end or in a hole is zero. */
  data: Buffer;
}

/** Every grain that an extent touches, ascending, each once. */
export async function* readGrains(file: string, extents: readonly Extent[]): AsyncGenerator<Grain> {
  const handle = await open(file);
  try {
    let current: Grain | undefined;
    for (const extent of extents) {
      const end = extent.start + extent.length;
      for (let at = extent.start; at < end; ) {
        const index = Math.floor(at / GRAIN_BYTES);
        const stop = Math.min(end, (index + 1) * GRAIN_BYTES);
        if (current !== undefined && current.index !== index) yield current;
        if (current === undefined || current.index !== index) current = { index, data: Buffer.alloc(GRAIN_BYTES) };
        await readFully(
          handle,
          current.data.subarray(at - index * GRAIN_BYTES, stop - index * GRAIN_BYTES),
          extent.offset + at - extent.start,
        );
        at = stop;
      }
    }
    if (current !== undefined) yield current;
  } finally {
    await handle.close();
  }
}

/** A read beyond the end of a raw file leaves zeroes: a disk whose size is no whole sector is padded. */
async function readFully(handle: Awaited<ReturnType<typeof open>>, target: Buffer, position: number): Promise<void> {
  let filled = 0;
  while (filled < target.length) {
    const { bytesRead } = await handle.read(target, filled, target.length - filled, position + filled);
    if (bytesRead === 0) return;
    filled += bytesRead;
  }
}
