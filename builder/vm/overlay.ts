/** Throw-away qcow2 overlays: a machine writes to the overlay, and the disk below stays as it is. */
import { join, resolve } from 'node:path';

import type { Cleanup } from '../kit/cleanup.ts';
import { run } from '../kit/command.ts';
import type { Context } from '../kit/context.ts';
import { ExitCode, ToolError, UserError } from '../kit/errors.ts';
import { ownedFolder } from '../kit/owner.ts';
import type { DiskSpec } from './spec.ts';

export interface DiskInfo {
  /** QEMU's name of the format: raw, qcow2, vmdk. */
  format: string;
  virtualSize: number;
}

/** Format and virtual size of a disk image. @throws UserError(usage) where it is none that QEMU reads. */
export async function diskInfo(ctx: Context, path: string): Promise<DiskInfo> {
  try {
    const { stdout } = await run(ctx, 'qemu-img', ['info', '--output=json', '--force-share', resolve(path)], { quiet: true });
    const info = JSON.parse(stdout) as { format: string; 'virtual-size': number };
    return { format: info.format, virtualSize: info['virtual-size'] };
  } catch (error) {
    if (!(error instanceof ToolError) || error.failure.missing) throw error;
    throw new UserError(`${path} cannot be read as a disk image`, {
      exitCode: ExitCode.usage,
      why: error.failure.tail.join(' '),
      cause: error,
    });
  }
}

/** qemu-img(1) arguments that make an overlay on `base`; larger than it where `size` (bytes) says so. */
function overlayArgv(base: { path: string; format: string }, overlay: string, size?: number): string[] {
  const grown = size === undefined ? [] : [String(size)];
  return ['create', '-q', '-f', 'qcow2', '-F', base.format, '-b', base.path, overlay, ...grown];
}

/** A new overlay of `base` in a folder of its own that `cleanup` removes. */
export async function overlay(ctx: Context, base: string, cleanup: Cleanup, size?: number): Promise<DiskSpec> {
  const path = resolve(base);
  const { format } = await diskInfo(ctx, path);
  const folder = await ownedFolder(ctx.cacheDir, 'overlay', cleanup);
  const file = join(folder, 'disk.qcow2');
  await run(ctx, 'qemu-img', overlayArgv({ path, format }, file, size));
  return { path: file, format: 'qcow2' };
}
