/** A tar of few large files, hashed on the way: OVAs and Vagrant boxes. It appears only when it is whole. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';

import type { Cleanup } from '../kit/cleanup.ts';
import type { Context } from '../kit/context.ts';
import { temporaryBeside } from '../kit/files.ts';
import type { WrittenFile } from './format.ts';
import { endOfArchive, padding, tarHeader } from './ova/ustar.ts';
import { writeAll } from './write-all.ts';

/** Its content is text, or that of a file of `size` bytes. */
export type TarMember = { name: string; text: string } | { name: string; file: string; size: number };

/** @param mtime of every member: a fixed one, so that equal input gives equal bytes */
export async function writeTar(
  target: string,
  members: readonly TarMember[],
  mtime: Date,
  ctx: Context,
  cleanup: Cleanup,
): Promise<WrittenFile> {
  const partial = temporaryBeside(target);
  const keep = cleanup.add(`unfinished ${target}`, () => rm(partial, { force: true }));
  const hash = createHash('sha256');
  const handle = await open(partial, 'wx');
  let size = 0;
  try {
    for await (const chunk of chunksOf(members, mtime)) {
      ctx.signal.throwIfAborted();
      hash.update(chunk);
      await writeAll(handle, chunk, size);
      size += chunk.length;
    }
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
  await rename(partial, target);
  keep();
  return { path: target, bytes: size, sha256: hash.digest('hex') };
}

async function* chunksOf(members: readonly TarMember[], mtime: Date): AsyncGenerator<Buffer> {
  for (const member of members) {
    const size = 'text' in member ? Buffer.byteLength(member.text) : member.size;
    yield await tarHeader({ name: member.name, size, mtime });
    if ('text' in member) yield Buffer.from(member.text);
    else yield* createReadStream(member.file, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>;
    yield padding(size);
  }
  yield endOfArchive();
}
