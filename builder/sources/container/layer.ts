/**
 * Layers of container images (OCI image-spec, layer.md) as the difference of two tar files: what is new or other in the
 * second, and a whiteout for what is gone. Entries are copied as they are, extended attributes and all.
 */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';

const BLOCK = 512;
const HARD_LINK = '1';
/** Headers that belong to the entry after them: pax, and GNU's long names. */
const PREFIXES = ['x', 'L', 'K'];
const PAX_TIMES = /^\d+ [amc]time=.*\n/gm;
/** What Docker makes itself, and an unprivileged daemon may not. */
const LEFT_OUT = /^dev\/./;

interface Entry {
  name: string;
  start: number;
  end: number;
  /** Of all but the times: a file that is written again with the same content is the same file. */
  hash: string;
  /** Another entry that this one is a second name of. */
  target: string | undefined;
}

/** Writes to `file` what has to be laid over `base` to get `whole`; all of `whole` where there is no base. */
export async function writeLayer(base: string | undefined, whole: string, file: string): Promise<void> {
  const below = base === undefined ? new Map<string, Entry>() : await readEntries(base);
  const entries = await readEntries(whole);
  const wanted = chooseEntries(below, entries);
  const gone = whiteouts(below, entries);
  const handle = await open(whole);
  try {
    const chunks = async function* (): AsyncGenerator<Buffer> {
      for (const entry of entries.values()) {
        if (wanted.has(entry.name)) yield* ranges(handle, entry.start, entry.end);
      }
      for (const name of gone) yield emptyFile(name);
      yield Buffer.alloc(2 * BLOCK);
    };
    await pipeline(chunks, createWriteStream(file));
  } finally {
    await handle.close();
  }
}

/** What differs; with it the folders that lead there, for their modes, and the first names of hard links, which must be in the same layer. */
function chooseEntries(below: ReadonlyMap<string, Entry>, entries: ReadonlyMap<string, Entry>): Set<string> {
  const wanted = new Set<string>();
  const want = (name: string): void => {
    const entry = entries.get(name);
    if (entry === undefined || wanted.has(name)) return;
    wanted.add(name);
    if (entry.target !== undefined) want(entry.target);
    if (name !== '.') want(dirname(name));
  };
  for (const { name, hash, target } of entries.values()) {
    const linked = target === undefined ? undefined : entries.get(target)?.hash !== below.get(target)?.hash;
    if (below.get(name)?.hash !== hash || linked === true) want(name);
  }
  return wanted;
}

/** The topmost names that are no longer there. */
function whiteouts(below: ReadonlyMap<string, Entry>, entries: ReadonlyMap<string, Entry>): string[] {
  const gone = [...below.keys()].filter((name) => !entries.has(name));
  const names = new Set(gone);
  return gone
    .filter((name) => !names.has(dirname(name)))
    .map((name) => join(dirname(name), `.wh.${name.slice(name.lastIndexOf('/') + 1)}`));
}

async function readEntries(file: string): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    let position = 0;
    let start = 0;
    let hash = createHash('sha256');
    let names: { path?: string; linkpath?: string } = {};
    while (position < size) {
      const header = await read(handle, position, BLOCK);
      if (header.every((byte) => byte === 0)) break;
      const length = Math.ceil(sizeOf(header) / BLOCK) * BLOCK;
      const type = String.fromCharCode(header[156] ?? 0);
      if (PREFIXES.includes(type)) {
        const data = (await read(handle, position + BLOCK, sizeOf(header))).toString();
        hash.update(data.replace(PAX_TIMES, ''));
        names = { ...names, ...longNames(type, data) };
        position += BLOCK + length;
        continue;
      }
      hash.update(withoutTimes(header));
      for await (const chunk of ranges(handle, position + BLOCK, position + BLOCK + length)) hash.update(chunk);
      position += BLOCK + length;
      const name = clean(names.path ?? join(text(header, 345, 155), text(header, 0, 100)));
      const target = type === HARD_LINK ? clean(names.linkpath ?? text(header, 157, 100)) : undefined;
      if (!LEFT_OUT.test(name)) entries.set(name, { name, start, end: position, hash: hash.digest('hex'), target });
      start = position;
      hash = createHash('sha256');
      names = {};
    }
  } finally {
    await handle.close();
  }
  return entries;
}

function longNames(type: string, data: string): { path?: string; linkpath?: string } {
  if (type === 'L') return { path: data.replace(/\0.*$/s, '') };
  if (type === 'K') return { linkpath: data.replace(/\0.*$/s, '') };
  const path = /^\d+ path=(.*)$/m.exec(data)?.[1];
  const linkpath = /^\d+ linkpath=(.*)$/m.exec(data)?.[1];
  return { ...(path === undefined ? {} : { path }), ...(linkpath === undefined ? {} : { linkpath }) };
}

/** Time and checksum, which holds the time, as zeroes. */
function withoutTimes(header: Buffer): Buffer {
  return Buffer.from(header).fill(0, 136, 156);
}

function clean(name: string): string {
  return name.replace(/^(\.?\/)+/, '').replace(/\/+$/, '') || '.';
}

function text(header: Buffer, offset: number, length: number): string {
  return header
    .subarray(offset, offset + length)
    .toString()
    .replace(/\0.*$/s, '');
}

function sizeOf(header: Buffer): number {
  return Number.parseInt(text(header, 124, 12).trim() || '0', 8);
}

async function read(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  await handle.read(buffer, 0, length, position);
  return buffer;
}

async function* ranges(handle: FileHandle, start: number, end: number): AsyncGenerator<Buffer> {
  for (let position = start; position < end; position += 1 << 20) {
    yield await read(handle, position, Math.min(1 << 20, end - position));
  }
}

/** A ustar header of an empty file of root's, of 1970. @throws Error where the name is too long: no whiteout of ours is. */
function emptyFile(name: string): Buffer {
  if (Buffer.byteLength(name) > 100) throw new Error(`${name} is too long for a whiteout`);
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0);
  header.write('0000644\0' + '0000000\0' + '0000000\0' + '00000000000\0' + '00000000000\0' + '        0', 100);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}
