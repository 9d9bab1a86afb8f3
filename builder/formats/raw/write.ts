/** A raw disk, compressed by zstd(1): for dd, and for clouds that take nothing else. */
import { rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import type { Cleanup } from '../../kit/cleanup.ts';
import { run } from '../../kit/command.ts';
import type { Context } from '../../kit/context.ts';
import { temporaryBeside, temporaryFolder } from '../../kit/files.ts';
import { sha256File } from '../../kit/hash.ts';
import { convertDisk, type DiskFormat, diskInfo } from '../../tools/qemu-img.ts';
import type { WrittenFile } from '../format.ts';

const LEVEL = 9;

export async function writeRaw(source: string, target: string, ctx: Context, cleanup: Cleanup): Promise<WrittenFile> {
  const { format } = await diskInfo(ctx, source);
  const folder = await temporaryFolder(join(ctx.cacheDir, 'tmp'), 'raw-', cleanup);
  const raw = format === 'raw' ? source : join(folder, 'disk.raw');
  if (raw !== source) await convertDisk(ctx, { path: source, format: format as DiskFormat }, { path: raw, format: 'raw' });
  const partial = temporaryBeside(target);
  const keep = cleanup.add(`unfinished ${target}`, () => rm(partial, { force: true }));
  await run(ctx, 'zstd', ['--quiet', '-T0', `-${LEVEL}`, raw, '-o', partial]);
  const sha256 = await sha256File(partial);
  await rename(partial, target);
  keep();
  await rm(folder, { recursive: true, force: true });
  return { path: target, bytes: (await stat(target)).size, sha256 };
}
