// Compresses batches of grains on a thread of its own. Plain JavaScript, because Node 20 starts threads from JavaScript
// files only; the bundle carries it beside itself (builder/build.mjs). See threads.ts for the other end.
import { openSync, readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { deflateSync } from 'node:zlib';

const SECTOR_BYTES = 512;
const GRAIN_MARKER_BYTES = 12;
const { path, grainBytes, grainSectors, batchGrains, level } = workerData;
const file = openSync(path, 'r');
const input = Buffer.alloc(batchGrains * grainBytes);
const zeroes = Buffer.alloc(grainBytes);

/** Fills `input` with the batch: `pieces` of the file, zeroes between them. */
function read(pieces) {
  let covered = 0;
  for (const { at, length, position } of pieces) {
    if (at > covered) input.fill(0, covered, at);
    for (let done = 0; done < length; ) {
      const got = readSync(file, input, at + done, length - done, position + done);
      // The last sector of a disk image may be cut short: what is not there is zero.
      if (got === 0) {
        input.fill(0, at + done, at + length);
        break;
      }
      done += got;
    }
    covered = at + length;
  }
  input.fill(0, covered);
}

parentPort.on('message', ({ batch, output }) => {
  read(batch.pieces);
  const out = Buffer.from(output);
  const grains = [];
  let used = 0;
  for (let index = 0; index < batchGrains; index += 1) {
    const grain = input.subarray(index * grainBytes, (index + 1) * grainBytes);
    if (grain.equals(zeroes)) continue;
    // The most memory (zlib's memLevel): a tenth faster, and 128 KiB more a thread.
    const deflated = deflateSync(grain, { level, memLevel: 9, chunkSize: grainBytes + 1024 });
    const number = batch.first + index;
    out.writeBigUInt64LE(BigInt(number) * BigInt(grainSectors), used);
    out.writeUInt32LE(deflated.length, used + 8);
    deflated.copy(out, used + GRAIN_MARKER_BYTES);
    const end = used + GRAIN_MARKER_BYTES + deflated.length;
    const padded = Math.ceil(end / SECTOR_BYTES) * SECTOR_BYTES;
    out.fill(0, end, padded);
    // The Adler-32 of the uncompressed grain ends every zlib stream (RFC 1950): a checksum of the content for nothing.
    grains.push({ number, at: used, checksum: deflated.readUInt32BE(deflated.length - 4) });
    used = padded;
  }
  parentPort.postMessage({ used, grains });
});
