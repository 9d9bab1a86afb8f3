/** qemu-img(1): what the pipeline asks of it, as argument lists. */
import { dirname, resolve } from 'node:path';

import { run } from '../kit/command.ts';
import type { Context } from '../kit/context.ts';

export type DiskFormat = 'raw' | 'qcow2' | 'vmdk';

/** A qcow2 that holds what differs from `backing`, which is never written to. */
export function overlayArguments(backing: { path: string; format: DiskFormat }, overlay: string): string[] {
  return ['create', '-q', '-f', 'qcow2', '-b', backing.path, '-F', backing.format, overlay];
}

/** A disk of its own in another format; zeroes become holes. `-W` writes out of order: faster, and the result reads the same. */
export function convertArguments(source: { path: string; format: DiskFormat }, target: { path: string; format: DiskFormat }): string[] {
  return ['convert', '-W', '-f', source.format, '-O', target.format, source.path, target.path];
}

export async function createOverlay(ctx: Context, backing: { path: string; format: DiskFormat }, overlay: string): Promise<void> {
  await run(ctx, 'qemu-img', overlayArguments(backing, overlay));
}

export async function convertDisk(
  ctx: Context,
  source: { path: string; format: DiskFormat },
  target: { path: string; format: DiskFormat },
): Promise<void> {
  await run(ctx, 'qemu-img', convertArguments(source, target));
}

export interface DiskInfo {
  format: string;
  virtualBytes: number;
  /** Bytes that it takes on the host. */
  actualBytes: number;
  /** The disk that this one only holds the differences to. */
  backingFile: string | undefined;
}

export async function diskInfo(ctx: Context, path: string): Promise<DiskInfo> {
  const { stdout } = await run(ctx, 'qemu-img', ['info', '--output=json', path], { quiet: true });
  const info = JSON.parse(stdout) as { format: string; 'virtual-size': number; 'actual-size': number; 'backing-filename'?: string };
  return {
    format: info.format,
    virtualBytes: info['virtual-size'],
    actualBytes: info['actual-size'],
    backingFile: info['backing-filename'],
  };
}

interface ImageFiles {
  filename: string;
  'format-specific'?: { data?: { 'data-file'?: string; extents?: { filename: string }[] } };
}

/** Every file that a disk is read from: itself, its backing files, and where their data is in files of its own, those. */
export async function filesOfDisk(ctx: Context, path: string): Promise<string[]> {
  const { stdout } = await run(ctx, 'qemu-img', ['info', '--output=json', '--backing-chain', path], { quiet: true });
  return (JSON.parse(stdout) as ImageFiles[]).flatMap(({ filename, 'format-specific': specific }) => {
    const { 'data-file': dataFile, extents = [] } = specific?.data ?? {};
    const beside = [...(dataFile === undefined ? [] : [dataFile]), ...extents.map((extent) => extent.filename)];
    return [filename, ...beside.map((name) => resolve(dirname(filename), name))];
  });
}

/** Whether the references of a qcow2 are damaged (exit code 2 of `check`); clusters that are lost (3) harm nobody. */
export async function isDamaged(ctx: Context, path: string): Promise<boolean> {
  const { exitCode } = await run(ctx, 'qemu-img', ['check', '-q', '-f', 'qcow2', path], { okExitCodes: [0, 2, 3], quiet: true });
  return exitCode === 2;
}

/** A qcow2 of its own from one that stands on another disk. */
export async function flattenDisk(ctx: Context, source: string, target: string): Promise<void> {
  await convertDisk(ctx, { path: source, format: 'qcow2' }, { path: target, format: 'qcow2' });
}
