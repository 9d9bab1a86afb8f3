/** Threads that read and compress grains, all cores at once. */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { BATCH_GRAINS, type Batch } from './batches.ts';
import { GRAIN_BYTES, GRAIN_MARKER_BYTES, GRAIN_SECTORS, SECTOR } from './layout.ts';

/**
 * Threads beyond this number would wait for the one that writes, and cost memory: about 15 MB each. Node's own pool for
 * zlib has four threads unless the environment said otherwise before the process began, so it is not used.
 */
const MOST_THREADS = 12;
/** Batches under way for each thread: one in work, one waiting for it, one waiting to be written. */
const BATCHES_PER_THREAD = 3;
/** zlib grows what it cannot compress by at most 5 bytes in 16 KiB and its frame (deflateBound). */
const LARGEST_GRAIN = Math.ceil((GRAIN_MARKER_BYTES + GRAIN_BYTES + 64) / SECTOR) * SECTOR;

/** What the threads run: a file of its own, which the stage's code does not hold. */
export const DEFLATE_WORKER = fileURLToPath(new URL('./deflate-worker.mjs', import.meta.url));

export interface DeflatedGrain {
  number: number;
  /** Bytes from the start of the batch's output. */
  at: number;
  checksum: number;
}

/** A compressed batch: markers, streams and padding as they go into the file. */
export interface DeflatedBatch {
  bytes: Uint8Array;
  grains: readonly DeflatedGrain[];
}

interface Reply {
  used: number;
  grains: DeflatedGrain[];
}

interface Waiting {
  resolve(reply: Reply): void;
  reject(error: unknown): void;
}

function threadCount(wanted?: number): number {
  return Math.max(1, Math.min(wanted ?? availableParallelism(), MOST_THREADS));
}

/**
 * Compresses `batches` of the file `path` and yields the results in the same order. The bytes of a result are valid until
 * the next one is asked for. Threads end with the generator, however it ends.
 */
export async function* deflateAll(
  batches: Iterable<Batch>,
  options: { path: string; level: number; threads?: number; signal: AbortSignal },
): AsyncGenerator<DeflatedBatch> {
  options.signal.throwIfAborted();
  const threads = Array.from({ length: threadCount(options.threads) }, () => new Thread(options.path, options.level));
  const abort = (): void => {
    for (const thread of threads) thread.fail(options.signal.reason);
  };
  options.signal.addEventListener('abort', abort, { once: true });
  const free = Array.from(
    { length: threads.length * BATCHES_PER_THREAD },
    () => new Uint8Array(new SharedArrayBuffer(BATCH_GRAINS * LARGEST_GRAIN)),
  );
  const underWay: { buffer: Uint8Array; reply: Promise<Reply> }[] = [];
  let turn = 0;
  try {
    for (const batch of batches) {
      const buffer = free.pop() ?? (yield* oldest(underWay));
      const reply = (threads[turn % threads.length] as Thread).deflate(batch, buffer);
      // It is awaited in order, maybe after another one failed: that must not count as unhandled.
      reply.catch(() => {});
      underWay.push({ buffer, reply });
      turn += 1;
    }
    while (underWay.length > 0) yield* oldest(underWay);
  } finally {
    options.signal.removeEventListener('abort', abort);
    await Promise.all(threads.map((thread) => thread.end()));
  }
}

/** Yields the oldest batch under way and returns its buffer, which is free then. */
async function* oldest(underWay: { buffer: Uint8Array; reply: Promise<Reply> }[]): AsyncGenerator<DeflatedBatch, Uint8Array> {
  const first = underWay.shift();
  if (first === undefined) throw new Error('no batch is under way');
  const { used, grains } = await first.reply;
  yield { bytes: first.buffer.subarray(0, used), grains };
  return first.buffer;
}

class Thread {
  readonly #worker: Worker;
  readonly #waiting: Waiting[] = [];
  #failure: { reason: unknown } | undefined;

  constructor(path: string, level: number) {
    this.#worker = new Worker(DEFLATE_WORKER, {
      workerData: { path, level, grainBytes: GRAIN_BYTES, grainSectors: GRAIN_SECTORS, batchGrains: BATCH_GRAINS },
      resourceLimits: { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 32 },
    });
    this.#worker.on('message', (reply: Reply) => this.#waiting.shift()?.resolve(reply));
    this.#worker.on('error', (error) => this.fail(error));
  }

  deflate(batch: Batch, output: Uint8Array): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) {
        reject(this.#failure.reason);
        return;
      }
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage({ batch, output: output.buffer });
    });
  }

  fail(reason: unknown): void {
    this.#failure ??= { reason };
    for (const waiting of this.#waiting.splice(0)) waiting.reject(reason);
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}
