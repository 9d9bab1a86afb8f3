/** qcow2 by qemu-img: compressed with zstd (QEMU 5.1 and later), or with zlib for older readers. */
import { rename, rm, stat } from 'node:fs/promises';

import type { Cleanup } from '../../kit/cleanup.ts';
import { run } from '../../kit/command.ts';
import type { Context } from '../../kit/context.ts';
import { temporaryBeside } from '../../kit/files.ts';
import { sha256File } from '../../kit/hash.ts';
import { openSource, type WrittenFile } from '../format.ts';

export const COMPRESSIONS = ['zstd', 'zlib'] as const;
export type Compression = (typeof COMPRESSIONS)[number];

/** qemu-img(1) arguments; `-m 8 -W` keeps all cores compressing. */
export function qcow2Arguments(source: { path: string; format: string }, target: string, compression: Compression): string[] {
  return [
    'convert',
    '-c',
    '-m',
    '8',
    '-W',
    '-f',
    source.format,
    '-O',
    'qcow2',
    '-o',
    `compression_type=${compression}`,
    source.path,
    target,
  ];
}

export async function writeQcow2(
  source: string,
  target: string,
  compression: Compression,
  ctx: Context,
  cleanup: Cleanup,
): Promise<WrittenFile> {
  const disk = await openSource(ctx, source);
  const partial = temporaryBeside(target);
  const keep = cleanup.add(`unfinished ${target}`, () => rm(partial, { force: true }));
  await run(ctx, 'qemu-img', qcow2Arguments(disk, partial, compression));
  const sha256 = await sha256File(partial);
  await rename(partial, target);
  keep();
  return { path: target, bytes: (await stat(target)).size, sha256 };
}
