/** What formats share: a disk to read, and a file that was written. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';

import type { Cleanup } from '../kit/cleanup.ts';
import type { Context } from '../kit/context.ts';
import { ExitCode, ToolError, UserError } from '../kit/errors.ts';
import { ownedFolder } from '../kit/owner.ts';
import { type Extent, mapExtents } from '../tools/disk-map.ts';
import { convertDisk, type DiskFormat, diskInfo, isDamaged } from '../tools/qemu-img.ts';

export interface WrittenFile {
  path: string;
  bytes: number;
  sha256: string;
}

/** A disk image as qemu-img knows it. */
export interface SourceDisk {
  path: string;
  format: DiskFormat;
  /** Virtual size in bytes. */
  capacity: number;
}

/** A disk that can be read straight from its file. */
export interface ReadableDisk {
  file: string;
  extents: Extent[];
  /** Virtual size in bytes. */
  capacity: number;
}

const FORMATS: readonly DiskFormat[] = ['raw', 'qcow2', 'vmdk'];

/** Looks a disk up, and whether it is whole. @throws UserError where there is none, or it is none that can be packaged */
export async function openSource(ctx: Context, path: string): Promise<SourceDisk> {
  const file = await stat(path).catch(() => undefined);
  if (file === undefined || file.isDirectory()) {
    throw new UserError(`There is no disk image ${path}`, { exitCode: ExitCode.usage, remedies: ['name a raw, qcow2 or VMDK file'] });
  }
  const info = await diskInfo(ctx, path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  const format = FORMATS.find((known) => known === info.format);
  if (format === 'qcow2') await refuseDamaged(ctx, path);
  if (format !== undefined && info.virtualBytes > 0) return { path, format, capacity: info.virtualBytes };
  throw new UserError(`${path} cannot be packaged`, {
    exitCode: ExitCode.usage,
    why: format === undefined ? `its format is ${info.format}` : 'it is empty',
    remedies: [`take a disk image of one of: ${FORMATS.join(', ')}`],
  });
}

/** The disk as a raw file: itself, or a sparse copy in a folder that `cleanup` removes. */
export async function asRaw(ctx: Context, disk: SourceDisk, cleanup: Cleanup): Promise<SourceDisk> {
  if (disk.format === 'raw') return disk;
  const folder = await ownedFolder(ctx.cacheDir, 'raw', cleanup);
  const path = join(folder, 'disk.raw');
  ctx.events.progress('reading the disk');
  await convertDisk(ctx, disk, { path, format: 'raw' }).catch((error: unknown) => {
    throw unreadable(disk.path, error);
  });
  return { ...disk, path, format: 'raw' };
}

/** Finds where a disk's data is. One that is compressed or not all in its own file is converted first. */
export async function readableDisk(path: string, ctx: Context, cleanup: Cleanup): Promise<ReadableDisk> {
  const disk = await openSource(ctx, path);
  const direct = await mapExtents(ctx, disk);
  if (direct !== undefined) return { file: path, extents: direct, capacity: disk.capacity };
  const raw = await asRaw(ctx, disk, cleanup);
  const extents = await mapExtents(ctx, raw);
  if (extents === undefined) throw new Error(`${raw.path} is raw and yet cannot be read directly`);
  return { file: raw.path, extents, capacity: disk.capacity };
}

/** A qcow2 that was cut short still opens, and reads as zeroes where its data was. */
async function refuseDamaged(ctx: Context, path: string): Promise<void> {
  const damaged = await isDamaged(ctx, path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  if (!damaged) return;
  throw new UserError(`${path} is damaged`, {
    exitCode: ExitCode.usage,
    why: 'qemu-img check finds references that lead nowhere',
    remedies: ['fetch or make the file again', `see what is wrong: qemu-img check ${path}`],
  });
}

/** A full disk is no fault of the image that was read. */
function unreadable(path: string, error: unknown): unknown {
  if (!(error instanceof ToolError) || error.failure.missing) return error;
  if (error.failure.tail.some((line) => line.includes('No space left on device'))) return error;
  return new UserError(`qemu-img cannot read ${path}`, {
    exitCode: ExitCode.usage,
    why: error.failure.tail.at(-1) ?? error.message,
    remedies: ['see that no virtual machine is running on it', `check it: qemu-img check ${path}`],
    cause: error,
  });
}
