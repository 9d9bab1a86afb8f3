/** pack: a disk to an OVA, by `unitsmith pack` and by qemu-img, sha256sum and tar. */
import { mkdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Cleanup } from '../../../builder/kit/cleanup.ts';
import { run } from '../../../builder/kit/command.ts';
import type { Context } from '../../../builder/kit/context.ts';
import { packageRoot } from '../../../builder/kit/paths.ts';
import { diskInfo } from '../../../builder/tools/qemu-img.ts';
import type { Bench, Report } from '../bench.ts';
import { classicOva } from '../classic/convert.ts';
import type { Lab } from '../lab.ts';
import { inTurns, median, type Timed, timed } from '../measure.ts';
import { peakBytes, unitsmith } from '../unitsmith.ts';

const NAME = 'bench';
const TARGETS = { time: 0.4, size: 1.015, memory: 300e6 };

export const packBench: Bench = {
  name: 'pack',
  summary: 'disk to OVA, against qemu-img + sha256sum + tar',
  run: comparePack,
};

interface Packed {
  bytes: number;
  peak: number;
}

async function comparePack(lab: Lab, ctx: Context, cleanup: Cleanup): Promise<Report> {
  const folder = join(lab.folder, 'pack');
  cleanup.add(`folder ${folder}`, () => rm(folder, { recursive: true, force: true }));
  await mkdir(folder, { recursive: true });
  const { path, what } = await theDisk(lab, folder, ctx);
  const disk = { path, format: (await diskInfo(ctx, path)).format };
  // Both sides read it from the host's memory, none from a cold disk.
  await run(ctx, 'cat', [path], { stdoutFile: '/dev/null', quiet: true });

  const pairs = await inTurns(
    lab.options.rounds,
    () => ours(disk.path, folder, ctx),
    () => theirs(disk, folder, ctx),
  );
  await checkSame(disk, folder, ctx);
  const { virtualBytes } = await diskInfo(ctx, path);
  return {
    title: 'pack: disk to OVA',
    sides: { ours: 'unitsmith pack', theirs: 'qemu-img, sha256sum, tar' },
    rows: rowsOf(pairs),
    notes: [
      `The disk: ${what}; ${(virtualBytes / 1e9).toFixed(1)} GB, of which ${(((await stat(path)).blocks * 512) / 1e6) | 0} MB are in use.`,
      `${pairs.length} pairs, who goes first alternating; medians, the ratio of times taken pair by pair. Both read the disk from the page cache.`,
      'Ours was read back: the VMDK in the OVA holds the same data as the disk (qemu-img compare).',
      'Memory is the most that the unitsmith process and its threads ever had (getrusage).',
    ],
    details: pairs,
  };
}

function rowsOf(pairs: readonly { ours: Timed<Packed>; theirs: Timed<Packed> }[]): Report['rows'] {
  const of = (pick: (pair: (typeof pairs)[number]) => number): number => median(pairs.map(pick));
  return [
    {
      what: 'time',
      unit: 'seconds',
      ours: of(({ ours }) => ours.seconds),
      theirs: of(({ theirs }) => theirs.seconds),
      ratio: of(({ ours, theirs }) => ours.seconds / theirs.seconds),
      target: { of: 'ratio', most: TARGETS.time },
    },
    {
      what: 'size of the OVA',
      unit: 'bytes',
      ours: of(({ ours }) => ours.value.bytes),
      theirs: of(({ theirs }) => theirs.value.bytes),
      target: { of: 'ratio', most: TARGETS.size },
    },
    {
      what: 'memory, at most',
      unit: 'bytes',
      ours: Math.max(...pairs.map(({ ours }) => ours.value.peak)),
      target: { of: 'ours', most: TARGETS.memory },
    },
  ];
}

/** The sealed disk of a bake, else one made here: files as they are in any image, in a file system with much room. */
async function theDisk(lab: Lab, folder: string, ctx: Context): Promise<{ path: string; what: string }> {
  const sealed = await lab.sealedDisk();
  if (sealed !== undefined) return { path: sealed, what: lab.options.disk === undefined ? 'sealed by the last bake' : 'as given' };
  const path = join(folder, 'disk.raw');
  await writeFile(path, '');
  await truncate(path, 4 * 2 ** 30);
  await run(ctx, 'mke2fs', ['-q', '-F', '-t', 'ext4', '-d', join(packageRoot(), 'node_modules'), path]);
  return { path, what: 'no baked one was found, so an ext4 file system with node_modules/' };
}

async function ours(disk: string, folder: string, ctx: Context): Promise<Timed<Packed>> {
  const out = join(folder, 'ours');
  await rm(out, { recursive: true, force: true });
  const peakFile = join(folder, 'peak');
  ctx.events.progress('unitsmith pack');
  const { seconds } = await timed(ctx, () => unitsmith(ctx, ['pack', disk, '--name', NAME, '--formats', 'ova', '--out', out], peakFile));
  return { seconds, value: { bytes: (await stat(join(out, `${NAME}.ova`))).size, peak: await peakBytes(peakFile) } };
}

async function theirs(disk: { path: string; format: string }, folder: string, ctx: Context): Promise<Timed<Packed>> {
  const out = join(folder, 'theirs');
  await rm(out, { recursive: true, force: true });
  await mkdir(out);
  ctx.events.progress('qemu-img, sha256sum, tar');
  const { seconds, value } = await timed(ctx, () => classicOva(ctx, disk, NAME, out));
  return { seconds, value: { bytes: (await stat(value)).size, peak: 0 } };
}

/** A fast writer of wrong disks would win every comparison. */
async function checkSame(disk: { path: string; format: string }, folder: string, ctx: Context): Promise<void> {
  ctx.events.progress('reading ours back');
  const out = join(folder, 'ours');
  await run(ctx, 'tar', ['-xf', `${NAME}.ova`, `${NAME}-disk1.vmdk`], { cwd: out });
  await run(ctx, 'qemu-img', ['compare', '-f', disk.format, '-F', 'vmdk', disk.path, join(out, `${NAME}-disk1.vmdk`)]);
}
