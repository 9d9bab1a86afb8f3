/** A disk of any kind as a streamOptimized VMDK. */
import { basename } from 'node:path';

import type { Cleanup } from '../../kit/cleanup.ts';
import type { Context } from '../../kit/context.ts';
import { readableDisk } from '../format.ts';
import { type VmdkResult, writeStreamOptimized } from './writer.ts';

export interface VmdkOptions {
  level?: number;
}

export async function writeVmdk(source: string, target: string, options: VmdkOptions, ctx: Context, cleanup: Cleanup): Promise<VmdkResult> {
  const disk = await readableDisk(source, ctx, cleanup);
  const level = options.level === undefined ? {} : { level: options.level };
  return await writeStreamOptimized(
    { source: disk.file, extents: disk.extents, capacity: disk.capacity, fileName: basename(target), target, ...level },
    ctx,
    cleanup,
  );
}
