/** The VMDK writer on real bytes: what qemu-img reads back is the disk, sector by sector. */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { readableDisk } from '../../../builder/formats/format.ts';
import { writeVmdk } from '../../../builder/formats/vmdk/write.ts';
import { type VmdkResult, writeStreamOptimized } from '../../../builder/formats/vmdk/writer.ts';
import { inspect } from '../../../builder/inspect/inspect.ts';
import { Cleanup } from '../../../builder/kit/cleanup.ts';
import { Interrupted } from '../../../builder/kit/errors.ts';
import { type TestContext, testContext } from '../../helpers/context.ts';
import { runs } from '../../helpers/runs.ts';

const MIB = 2 ** 20;
const SECTOR = 512;
const GRAIN = 65536;

let folder: string;
let context: TestContext;
let cleanup: Cleanup;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vmdk-'));
  context = testContext({ cacheDir: join(folder, 'cache') });
  cleanup = new Cleanup();
});
afterEach(async () => {
  await cleanup.run();
  rmSync(folder, { recursive: true, force: true });
});

const at = (name: string): string => join(folder, name);
const qemuImg = (...args: string[]): string => execFileSync('qemu-img', args, { cwd: folder, encoding: 'utf8' });

interface Piece {
  /** Sector. */
  start: number;
  bytes: number;
  kind: 'noise' | 'text' | 'zeroes';
  seed: number;
}

function contentOf({ bytes, kind, seed }: Piece): Buffer {
  if (kind === 'zeroes') return Buffer.alloc(bytes);
  if (kind === 'text') return Buffer.alloc(bytes, `line ${seed} of a log\n`);
  const noise = Buffer.alloc(bytes);
  // xorshift32: bytes that do not compress, the same for the same seed.
  let state = seed | 1;
  for (let index = 0; index < bytes; index += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    noise[index] = state & 0xff;
  }
  return noise;
}

/** A sparse raw file: what no piece covers is a hole. */
function rawDisk(name: string, size: number, pieces: readonly Piece[]): string {
  writeFileSync(at(name), '');
  truncateSync(at(name), size);
  const handle = openSync(at(name), 'r+');
  for (const piece of pieces) {
    const start = piece.start * SECTOR;
    const content = contentOf(piece).subarray(0, Math.max(0, size - start));
    if (content.length > 0) writeSync(handle, content, 0, content.length, start);
  }
  closeSync(handle);
  return at(name);
}

async function write(source: string, name: string, options: { level?: number; threads?: number } = {}): Promise<VmdkResult> {
  const disk = await readableDisk(source, context.ctx, cleanup);
  // The name inside is the same, so that results can be compared whatever their files are called.
  return writeStreamOptimized({ source: disk.file, ...disk, fileName: 'disk.vmdk', target: at(name), ...options }, context.ctx, cleanup);
}

/** First byte that differs between the disk and what qemu-img reads from the VMDK; what is beyond the disk must be zero. */
function firstDifference(source: string, vmdk: string): number | undefined {
  qemuImg('convert', '-f', 'vmdk', '-O', 'raw', vmdk, 'back.raw');
  const [disk, back] = [readFileSync(source), readFileSync(at('back.raw'))];
  const whole = Buffer.concat([disk, Buffer.alloc(back.length - disk.length)]);
  if (whole.equals(back)) return undefined;
  return whole.findIndex((byte, index) => byte !== back[index]);
}

const disks = fc.record({
  // Up to three grain tables, seldom a whole number of grains.
  sectors: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 60_000, max: 140_000 })),
  pieces: fc.array(
    fc.record({
      start: fc.oneof(fc.nat(300), fc.nat(140_000), fc.constantFrom(0, 127, 128, 65_535, 65_536)),
      bytes: fc.oneof(
        fc.integer({ min: 1, max: 2000 }),
        fc.integer({ min: 60_000, max: 600_000 }),
        fc.constantFrom(SECTOR, GRAIN, 16 * GRAIN),
      ),
      kind: fc.constantFrom('noise' as const, 'text' as const, 'zeroes' as const),
      seed: fc.nat(),
    }),
    { maxLength: 8 },
  ),
  level: fc.integer({ min: 1, max: 9 }),
  threads: fc.integer({ min: 1, max: 3 }),
});

describe('any sparse disk', () => {
  it('is read back by qemu-img as it was, and breaks no rule', async () => {
    let disk = 0;
    await fc.assert(
      fc.asyncProperty(disks, async ({ sectors, pieces, level, threads }) => {
        disk += 1;
        const source = rawDisk(`${disk}.raw`, sectors * SECTOR, pieces);
        const result = await write(source, 'disk.vmdk', { level, threads });
        expect(firstDifference(source, result.file)).toBeUndefined();
        expect(qemuImg('check', '-f', 'vmdk', result.file)).toContain('No errors');
        expect(result.capacity).toBe(Math.ceil((sectors * SECTOR) / GRAIN) * GRAIN);
        expect((await inspect(result.file, context.ctx)).findings).toEqual([]);
        rmSync(source);
      }),
      runs(20),
    );
  }, 60_000);

  it('has the same bytes, whatever the number of threads and the format that it comes in', async () => {
    const pieces: Piece[] = Array.from({ length: 40 }, (_, index) => ({
      start: index * 3000,
      bytes: 200_000,
      kind: index % 3 === 0 ? 'text' : 'noise',
      seed: index,
    }));
    const source = rawDisk('disk.raw', 64 * MIB, pieces);
    qemuImg('convert', '-f', 'raw', '-O', 'qcow2', 'disk.raw', 'plain.qcow2');
    qemuImg('convert', '-c', '-f', 'raw', '-O', 'qcow2', 'disk.raw', 'compressed.qcow2');
    qemuImg('convert', '-f', 'raw', '-O', 'vmdk', 'disk.raw', 'other.vmdk');
    qemuImg('create', '-q', '-f', 'qcow2', '-b', 'plain.qcow2', '-F', 'qcow2', 'overlay.qcow2');
    const { sha256 } = await write(source, 'one.vmdk', { threads: 1 });
    for (const threads of [2, 5]) expect((await write(source, `${threads}.vmdk`, { threads })).sha256).toBe(sha256);
    for (const file of ['plain.qcow2', 'compressed.qcow2', 'other.vmdk', 'overlay.qcow2']) {
      expect({ file, sha256: (await write(at(file), `of-${file}.vmdk`)).sha256 }).toEqual({ file, sha256 });
    }
  }, 60_000);

  it('has the same identity at any level, and another one with other content', async () => {
    const piece: Piece = { start: 5, bytes: 100_000, kind: 'text', seed: 1 };
    const source = rawDisk('disk.raw', 8 * MIB, [piece]);
    const cid = async (level: number, disk = source): Promise<string> =>
      /^CID=.{8}$/m.exec(readFileSync((await write(disk, `${level}.vmdk`, { level })).file, 'latin1'))?.[0] ?? '';
    expect(await cid(1)).toMatch(/^CID=[0-9a-f]{8}$/);
    expect(await cid(9)).toBe(await cid(1));
    expect(await cid(1, rawDisk('moved.raw', 8 * MIB, [{ ...piece, start: 6 }]))).not.toBe(await cid(1));
    expect(await cid(1, rawDisk('larger.raw', 9 * MIB, [piece]))).not.toBe(await cid(1));
  });

  it('that is empty ships no grain', async () => {
    const result = await write(rawDisk('empty.raw', 1024 * MIB, []), 'disk.vmdk');
    expect(result).toMatchObject({ populated: 0, capacity: 1024 * MIB });
    expect(result.size).toBeLessThan(70_000);
    expect(qemuImg('compare', '-f', 'raw', '-F', 'vmdk', 'empty.raw', 'disk.vmdk')).toContain('Images are identical.');
  });

  it('whose file ends within a sector is filled up with zeroes', async () => {
    writeFileSync(at('odd.raw'), contentOf({ start: 0, bytes: 100_001, kind: 'noise', seed: 3 }));
    const result = await writeVmdk(at('odd.raw'), at('disk.vmdk'), {}, context.ctx, cleanup);
    expect(firstDifference(at('odd.raw'), result.file)).toBeUndefined();
  });
});

describe('what ends early', () => {
  const noise: Piece[] = Array.from({ length: 64 }, (_, index) => ({ start: index * 2048, bytes: MIB, kind: 'noise', seed: index }));

  it('leaves no file when it is cancelled in the middle', async () => {
    const source = rawDisk('disk.raw', 64 * MIB, noise);
    const seen: string[][] = [];
    context.ctx.events.listen((event) => {
      if (event.type !== 'progress' || seen.length > 0) return;
      seen.push(readdirSync(folder).filter((name) => name.includes('disk.vmdk')));
      context.abort(new Interrupted('SIGINT'));
    });
    await expect(write(source, 'disk.vmdk')).rejects.toThrow('Interrupted');
    // It was at work when it was cancelled, and nothing of that is left.
    expect(seen).toEqual([[expect.stringMatching(/disk\.vmdk/)]]);
    expect(readdirSync(folder).filter((name) => name.includes('disk.vmdk'))).toEqual([]);
  });

  it('leaves no file when the disk cannot be read, and says why', async () => {
    const source = rawDisk('disk.raw', 64 * MIB, noise);
    const extents = [{ start: 0, length: 64 * MIB, offset: 0 }];
    rmSync(source);
    const request = { source, extents, capacity: 64 * MIB, fileName: 'disk.vmdk', target: at('disk.vmdk') };
    await expect(writeStreamOptimized(request, context.ctx, cleanup)).rejects.toThrow('ENOENT');
    expect(readdirSync(folder)).toEqual([]);
  });
});
