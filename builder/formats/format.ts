/** What formats share: a disk to read, and a file that was written. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { Cleanup } from '../kit/cleanup.ts';
import type { Context } from '../kit/context.ts';
import { temporaryFolder } from '../kit/files.ts';
import { convertDisk, type DiskFormat, diskInfo } from '../tools/qemu-img.ts';
import { type Extent, mapExtents } from './vmdk/extents.ts';

export interface WrittenFile {
  path: string;
  bytes: number;
  sha256: string;
}

/** A disk that can be read straight from its file. */
export interface ReadableDisk {
  file: string;
  extents: Extent[];
  /** Virtual size in bytes. */
  capacity: number;
}

/** Finds where a disk's data is. One that is compressed or stands on another is converted first, into a folder that `cleanup` removes. */
export async function readableDisk(path: string, ctx: Context, cleanup: Cleanup): Promise<ReadableDisk> {
  const info = await diskInfo(ctx, path);
  const direct = await mapExtents(ctx, path, info.format);
  if (direct !== undefined) return { file: path, extents: direct, capacity: info.virtualBytes };
  const folder = await temporaryFolder(join(ctx.cacheDir, 'tmp'), 'raw-', cleanup);
  const raw = join(folder, 'disk.raw');
  cleanup.add(`temporary disk ${raw}`, () => rm(raw, { force: true }));
  await convertDisk(ctx, { path, format: info.format as DiskFormat }, { path: raw, format: 'raw' });
  const extents = await mapExtents(ctx, raw, 'raw');
  if (extents === undefined) throw new Error(`${raw} is raw and yet cannot be read directly`);
  return { file: raw, extents, capacity: info.virtualBytes };
}
