/** A raw disk, compressed by zstd(1): for dd, and for clouds that take nothing else. */
import { rename, rm, stat } from 'node:fs/promises';

import type { Cleanup } from '../../kit/cleanup.ts';
import { run } from '../../kit/command.ts';
import type { Context } from '../../kit/context.ts';
import { temporaryBeside } from '../../kit/files.ts';
import { sha256File } from '../../kit/hash.ts';
import { asRaw, openSource, type WrittenFile } from '../format.ts';

const LEVEL = 9;

function zstdArguments(source: string, target: string): string[] {
  return ['--quiet', '-T0', `-${LEVEL}`, source, '-o', target];
}

export async function writeRaw(source: string, target: string, ctx: Context, cleanup: Cleanup): Promise<WrittenFile> {
  const disk = await openSource(ctx, source);
  const raw = await asRaw(ctx, disk, cleanup);
  const partial = temporaryBeside(target);
  const keep = cleanup.add(`unfinished ${target}`, () => rm(partial, { force: true }));
  await run(ctx, 'zstd', zstdArguments(raw.path, partial));
  if (raw !== disk) await rm(raw.path);
  const sha256 = await sha256File(partial);
  await rename(partial, target);
  keep();
  return { path: target, bytes: (await stat(target)).size, sha256 };
}
