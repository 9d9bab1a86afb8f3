/**
 * What sources keep in the cache beside the outputs of stages, and when each was used last. That stands in a file of its own,
 * `.used`, or `.checked` of a download: the times of the thing itself must stay, since outputs may have it under a second name.
 */
import { readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Context } from '../kit/context.ts';
import { bytesOnDisk } from '../kit/files.ts';
import { removeMappedTree } from '../tools/namespace.ts';

/** Folders in the cache, and what in them is kept: one line a kind. */
const PLACES = [
  { kind: 'downloads', folder: 'downloads', names: /^[0-9a-f]{64}$/ },
  { kind: 'unfinished downloads', folder: 'downloads/partial', names: /^[^.]/ },
  { kind: 'built of downloads', folder: 'downloads/built', names: /^[0-9a-f]{64}(\.tar)?$/ },
  { kind: 'commits', folder: 'downloads/git', names: /^[0-9a-f]{40,64}$/ },
  { kind: 'plugins of Maven', folder: 'downloads', names: /^maven$/ },
  { kind: 'package indexes', folder: 'apt', names: /^(?!.*\.used$)[^.]/ },
] as const;

const MARKS = ['.used', '.checked'] as const;

export interface KeptEntry {
  kind: (typeof PLACES)[number]['kind'];
  path: string;
  /** Bytes on disk (`bytesOnDisk`). */
  bytes: number;
  lastUsed: Date;
  /** Stage outputs have it under names of their own: to remove it would free nothing. */
  shared: boolean;
}

/** Writes down that a file or folder of the cache was used now. */
export async function markUsed(path: string): Promise<void> {
  await writeFile(`${path}.used`, 'used\n');
}

/** Everything that is kept, in the order of kinds and names. */
export async function listKept(cacheDir: string): Promise<KeptEntry[]> {
  const entries: KeptEntry[] = [];
  for (const { kind, folder, names } of PLACES) {
    for (const name of (await readdir(join(cacheDir, folder)).catch(() => [])).sort()) {
      if (!names.test(name)) continue;
      const path = join(cacheDir, folder, name);
      const info = await stat(path);
      const shared = info.isFile() && info.nlink > 1;
      entries.push({ kind, path, bytes: await bytesOnDisk(path), lastUsed: await lastUse(path, info.mtime), shared });
    }
  }
  return entries;
}

/** The newest mark; the thing's own time where it has none, as what an earlier version kept. */
async function lastUse(path: string, own: Date): Promise<Date> {
  const times: number[] = [];
  for (const mark of MARKS) {
    const info = await stat(`${path}${mark}`).catch(() => undefined);
    if (info !== undefined) times.push(info.mtimeMs);
  }
  return times.length === 0 ? own : new Date(Math.max(...times));
}

export async function removeKept({ path }: KeptEntry, ctx: Context): Promise<void> {
  if ((await stat(path)).isDirectory()) await removeMappedTree(ctx, path);
  else await rm(path);
  for (const mark of MARKS) await rm(`${path}${mark}`, { force: true });
}
