/**
 * Writes a streamOptimized VMDK. Threads read and deflate batches of grains, and what they give is written in order:
 * memory stays the same whatever the disk's size, and the same disk with the same options gives the same bytes.
 */
import { type FileHandle, open, rename, rm } from 'node:fs/promises';

import type { Cleanup } from '../../kit/cleanup.ts';
import type { Context } from '../../kit/context.ts';
import { temporaryBeside } from '../../kit/files.ts';
import { sha256File } from '../../kit/hash.ts';
import type { Extent } from '../../tools/disk-map.ts';
import { writeAll } from '../write-all.ts';
import { batchesOf } from './batches.ts';
import { GrainStream } from './grain-stream.ts';
import { DESCRIPTOR_OFFSET, descriptor, GRAIN_BYTES, GRAIN_SECTORS, OVERHEAD_SECTORS, SECTOR, sparseHeader } from './layout.ts';
import { deflateAll } from './threads.ts';

export interface VmdkRequest {
  /** File that the extents point into. */
  source: string;
  extents: readonly Extent[];
  /** Virtual size in bytes; rounded up to whole grains, as the format demands. */
  capacity: number;
  /** Deflate level, 1 to 9; {@link LEVEL} by default. */
  level?: number;
  /** All cores by default. */
  threads?: number;
  /** Name by which the OVF refers to it; that of `target` by default. */
  fileName: string;
  target: string;
}

export interface VmdkResult {
  file: string;
  sha256: string;
  /** Bytes of the file. */
  size: number;
  /** Virtual size in bytes. */
  capacity: number;
  /** Bytes of grains that hold data. */
  populated: number;
}

/**
 * Node's zlib is Chromium's, whose levels are faster than those of zlib itself and leave more: this one comes within 1.5 %
 * of what qemu-img writes (zlib, level 6), in little more than a third of its time on two cores (`npm run bench -- pack`).
 */
const LEVEL = 7;

/**
 * Writes `target`, which appears only when it is whole. CID and longContentID follow from the grains, so they are known
 * last and stand first: that is why the file is hashed afterwards and not on the way.
 * @throws UserError where the compressed data exceeds the format's 2 TiB
 */
export async function writeStreamOptimized(request: VmdkRequest, ctx: Context, cleanup: Cleanup): Promise<VmdkResult> {
  const partial = temporaryBeside(request.target);
  const keep = cleanup.add(`unfinished ${request.target}`, () => rm(partial, { force: true }));
  const handle = await open(partial, 'wx');
  try {
    const written = await writeBody(handle, request, ctx);
    await handle.close();
    const sha256 = await sha256File(partial);
    await rename(partial, request.target);
    keep();
    return { file: request.target, sha256, ...written };
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(partial, { force: true });
    throw error;
  }
}

async function writeBody(handle: FileHandle, request: VmdkRequest, ctx: Context): Promise<Omit<VmdkResult, 'file' | 'sha256'>> {
  const grainCount = Math.ceil(request.capacity / GRAIN_BYTES);
  const capacitySectors = grainCount * GRAIN_SECTORS;
  const stream = new GrainStream(handle, grainCount);
  const progress = progressOf(request.extents, ctx);
  const batches = deflateAll(batchesOf(request.extents), {
    path: request.source,
    level: request.level ?? LEVEL,
    ...(request.threads === undefined ? {} : { threads: request.threads }),
    signal: ctx.signal,
  });
  for await (const batch of batches) {
    await stream.add(batch);
    progress();
  }
  await stream.finish(capacitySectors);

  const head = Buffer.alloc(OVERHEAD_SECTORS * SECTOR);
  sparseHeader(capacitySectors).copy(head, 0);
  descriptor({ capacitySectors, fileName: request.fileName, contentId: stream.contentId() }).copy(head, DESCRIPTOR_OFFSET * SECTOR);
  await writeAll(handle, head, 0);
  return { size: stream.sector * SECTOR, capacity: capacitySectors * SECTOR, populated: stream.grains * GRAIN_BYTES };
}

/** Reports every whole percent. */
function progressOf(extents: readonly Extent[], ctx: Context): () => void {
  let total = 0;
  for (const _ of batchesOf(extents)) total += 1;
  let done = 0;
  const percent = (count: number): number => Math.floor((count * 100) / total);
  return () => {
    done += 1;
    if (percent(done) > percent(done - 1)) ctx.events.progress('compressing the disk', done / total);
  };
}
