/** Puts descriptor, manifest and disk into one tar, hashing it on the way. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';

import type { Cleanup } from '../../kit/cleanup.ts';
import type { Context } from '../../kit/context.ts';
import { temporaryBeside } from '../../kit/files.ts';
import { sha256 } from '../../kit/hash.ts';
import type { WrittenFile } from '../format.ts';
import { writeAll } from '../write-all.ts';
import { ovfDescriptor } from './descriptor.ts';
import { manifestText } from './manifest.ts';
import type { OvfOptions } from './options.ts';
import { endOfArchive, padding, tarHeader } from './ustar.ts';

export interface OvaRequest {
  /** Base name of the parts: `<base>.ovf`, `<base>.mf`, and the disk's own name. */
  baseName: string;
  vmdk: { file: string; fileName: string; sha256: string; size: number; capacity: number; populated: number };
  ovf: OvfOptions;
  /** Time of every member: a fixed one, so that equal input gives equal bytes. */
  mtime: Date;
  target: string;
}

/** The small parts as text. */
export function ovaParts(request: OvaRequest): { ovf: { name: string; text: string }; mf: { name: string; text: string } } {
  const { baseName, vmdk } = request;
  const ovf = { name: `${baseName}.ovf`, text: ovfDescriptor(vmdk, request.ovf) };
  const text = manifestText([
    { name: ovf.name, sha256: sha256(ovf.text) },
    { name: vmdk.fileName, sha256: vmdk.sha256 },
  ]);
  return { ovf, mf: { name: `${baseName}.mf`, text } };
}

/** Writes the OVA: `.ovf` first, then `.mf`, then the disk. It appears only when it is whole. */
export async function assembleOva(request: OvaRequest, ctx: Context, cleanup: Cleanup): Promise<WrittenFile> {
  const partial = temporaryBeside(request.target);
  const keep = cleanup.add(`unfinished ${request.target}`, () => rm(partial, { force: true }));
  const hash = createHash('sha256');
  const handle = await open(partial, 'wx');
  let size = 0;
  try {
    for await (const chunk of members(request)) {
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
  await rename(partial, request.target);
  keep();
  return { path: request.target, bytes: size, sha256: hash.digest('hex') };
}

async function* members(request: OvaRequest): AsyncGenerator<Buffer> {
  const { ovf, mf } = ovaParts(request);
  const { mtime, vmdk } = request;
  for (const { name, text } of [ovf, mf]) {
    const data = Buffer.from(text, 'utf8');
    yield await tarHeader({ name, size: data.length, mtime });
    yield data;
    yield padding(data.length);
  }
  yield await tarHeader({ name: vmdk.fileName, size: vmdk.size, mtime });
  yield* createReadStream(vmdk.file, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>;
  yield padding(vmdk.size);
  yield endOfArchive();
}
