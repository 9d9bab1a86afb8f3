/** qemu-img(1): what the pipeline asks of it, as argument lists. */
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
