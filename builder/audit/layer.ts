/** One layer of a container image (OCI image-spec, layer.md): its entries, and what it hides of the layers below it. */
import { createReadStream } from 'node:fs';
import { posix } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { extract, type Header } from 'tar-stream';

import type { FileType } from '../tools/ext4.ts';
import { LARGEST_CONTENT, type SealedEntry } from './tree.ts';

export interface Layer {
  entries: readonly SealedEntry[];
  /** Paths that are no longer there. */
  gone: readonly string[];
  /** Folders of which nothing below shows through. */
  opaque: readonly string[];
}

/** Takes the content of a file, and says where it begins in the contents file. */
export type Keep = (content: AsyncIterable<Buffer>) => Promise<number>;

const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';
const TYPES: Partial<Record<NonNullable<Header['type']>, FileType>> = {
  file: 'file',
  'contiguous-file': 'file',
  directory: 'directory',
  symlink: 'link',
  fifo: 'fifo',
  'character-device': 'character',
  'block-device': 'block',
};

/** Reads a tar as a stream; the content of each regular file goes to `keep`. @throws Error where it is no whole tar */
export async function readLayer(tar: string, keep: Keep, signal: AbortSignal): Promise<Layer> {
  const entries = new Map<string, SealedEntry>();
  const layer = { gone: [] as string[], opaque: [] as string[] };
  const unpack = extract();
  const reading = pipeline(createReadStream(tar, { highWaterMark: 1 << 20 }), unpack, { signal });
  // Awaited below; a failure in between must not be one that nobody waits for.
  reading.catch(() => undefined);
  for await (const entry of unpack) {
    const path = posix.join('/', entry.header.name).replace(/(?<=.)\/$/, '');
    const name = posix.basename(path);
    if (name === OPAQUE) layer.opaque.push(posix.dirname(path));
    else if (name.startsWith(WHITEOUT)) layer.gone.push(posix.join(posix.dirname(path), name.slice(WHITEOUT.length)));
    else if (path !== '/') {
      const content = entry as unknown as AsyncIterable<Buffer>;
      entries.set(path, await entryOf(path, entry.header, entries, () => keep(content)));
    }
    entry.resume();
  }
  await reading;
  return { ...layer, entries: [...entries.values()] };
}

async function entryOf(
  path: string,
  header: Header,
  known: ReadonlyMap<string, SealedEntry>,
  keep: () => Promise<number>,
): Promise<SealedEntry> {
  const common = { path, mode: (header.mode ?? 0) & 0o7777, uid: header.uid ?? 0, gid: header.gid ?? 0 };
  if (header.type === 'link') {
    // A second name of a file that comes before it in the same layer.
    const first = known.get(posix.join('/', header.linkname ?? ''));
    return first === undefined ? { ...common, type: 'file', size: 0 } : { ...first, path };
  }
  const type = TYPES[header.type ?? 'file'];
  if (type === undefined) throw new Error(`${path} is of a kind that layers do not have: ${header.type}`);
  if (type === 'link') return { ...common, type, size: 0, target: header.linkname ?? '' };
  const size = type === 'file' ? (header.size ?? 0) : 0;
  return size === 0 || size > LARGEST_CONTENT ? { ...common, type, size } : { ...common, type, size, offset: await keep() };
}

/** What a container sees of `below` with a layer laid over it. */
export function layOver(below: ReadonlyMap<string, SealedEntry>, layer: Layer): Map<string, SealedEntry> {
  const seen = new Map(below);
  const hide = (folder: string): void => {
    for (const path of seen.keys()) if (path.startsWith(`${folder}/`)) seen.delete(path);
  };
  for (const path of layer.gone) {
    seen.delete(path);
    hide(path);
  }
  for (const path of layer.opaque) hide(path);
  for (const entry of layer.entries) {
    if (entry.type !== 'directory' && seen.get(entry.path)?.type === 'directory') hide(entry.path);
    seen.set(entry.path, entry);
  }
  return seen;
}
