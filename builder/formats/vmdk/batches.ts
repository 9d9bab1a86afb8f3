import type { Extent } from '../../tools/disk-map.ts';
import { GRAIN_BYTES } from './layout.ts';

/** Grains that are compressed together: large enough to make messages cheap, small enough to keep memory low. */
export const BATCH_GRAINS = 16;
const BATCH_BYTES = BATCH_GRAINS * GRAIN_BYTES;

/** Bytes to read: from `position` in the file to `at` in the batch. */
export interface Piece {
  at: number;
  length: number;
  position: number;
}

/** One batch of consecutive grains that may hold data. What no piece covers is zero. */
export interface Batch {
  /** Number of the first grain, a multiple of `BATCH_GRAINS`: a batch never crosses a grain table. */
  first: number;
  pieces: Piece[];
}

/** The batches that hold the data of `extents` (ascending, not overlapping), in ascending order; holes cost nothing. */
export function* batchesOf(extents: Iterable<Extent>): Generator<Batch> {
  let batch: Batch | undefined;
  for (const extent of extents) {
    const end = extent.start + extent.length;
    for (let start = extent.start; start < end; ) {
      const index = Math.floor(start / BATCH_BYTES);
      const stop = Math.min(end, (index + 1) * BATCH_BYTES);
      if (batch !== undefined && batch.first !== index * BATCH_GRAINS) {
        yield batch;
        batch = undefined;
      }
      batch ??= { first: index * BATCH_GRAINS, pieces: [] };
      batch.pieces.push({ at: start - index * BATCH_BYTES, length: stop - start, position: extent.offset + start - extent.start });
      start = stop;
    }
  }
  if (batch !== undefined) yield batch;
}
