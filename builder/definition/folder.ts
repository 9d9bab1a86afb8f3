/** The image's folder: everything that is in it, and what must not be. */
import type { Stats } from 'node:fs';
import { lstat, readdir, readlink, realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';

import type { Problem } from '../kit/errors.ts';
import { type Hashable, hashData, hashTree, sha256File } from '../kit/hash.ts';

export interface FolderEntry {
  /** Relative to the image folder, with `/`. */
  path: string;
  kind: 'file' | 'directory' | 'link' | 'other';
  /** A file, or a link to one. */
  readable: boolean;
  executable: boolean;
  bytes: number;
}

export type Folder = ReadonlyMap<string, FolderEntry>;

/** Every file and folder of the image, links not followed; a folder comes before what is in it. */
export async function readFolder(root: string): Promise<Folder> {
  const entries = new Map<string, FolderEntry>();
  for await (const entry of walk(root, '')) entries.set(entry.path, entry);
  return entries;
}

async function* walk(root: string, folder: string): AsyncGenerator<FolderEntry> {
  for (const name of (await readdir(join(root, folder))).sort()) {
    const path = folder === '' ? name : `${folder}/${name}`;
    const info = await lstat(join(root, path));
    const kind = kindOf(info);
    const target = kind === 'link' ? await stat(join(root, path)).catch(() => undefined) : info;
    const readable = target?.isFile() === true;
    const executable = readable && (target.mode & 0o111) !== 0;
    yield { path, kind, readable, executable, bytes: kind === 'file' ? info.size : 0 };
    if (kind === 'directory') yield* walk(root, path);
  }
}

function kindOf(info: Stats): FolderEntry['kind'] {
  if (info.isDirectory()) return 'directory';
  if (info.isFile()) return 'file';
  return info.isSymbolicLink() ? 'link' : 'other';
}

/** Folders that are copied onto the unit as they are: their links mean paths there. */
const UNIT_TREES = ['rootfs', 'before-install'];

/** Links that lead out of the image or nowhere, and files that are neither file, folder nor link. */
export async function folderProblems(root: string, entries: Folder, show: (path: string) => string): Promise<Problem[]> {
  const problems: Problem[] = [];
  const home = await realpath(root);
  for (const entry of entries.values()) {
    const where = { file: show(entry.path) };
    if (entry.kind === 'other') {
      problems.push({ message: `${entry.path} is a device, socket or pipe`, where, suggestion: 'Remove it.' });
    } else if (entry.kind === 'link') {
      const tree = UNIT_TREES.find((name) => entry.path.startsWith(`${name}/`));
      const problem = tree === undefined ? await linkProblem(root, home, entry.path) : await unitLinkProblem(root, tree, entry.path);
      if (problem !== undefined) problems.push({ ...problem, where });
    }
  }
  return problems;
}

async function linkProblem(root: string, home: string, path: string): Promise<Problem | undefined> {
  const target = await readlink(join(root, path));
  const suggestion = 'Put the file itself into the image folder.';
  try {
    const real = await realpath(join(root, path));
    if (isInside(real, home)) return undefined;
    return { message: `the link ${path} leads out of the image folder, to ${target}`, suggestion };
  } catch {
    return { message: `the link ${path} leads nowhere, to ${target}`, suggestion };
  }
}

/** Above the unit's root there is nothing: who wrote such a link meant a file of the host. */
async function unitLinkProblem(root: string, tree: string, path: string): Promise<Problem | undefined> {
  const target = await readlink(join(root, path));
  if (isAbsolute(target) || isInside(resolve(dirname(join(root, path)), target), join(resolve(root), tree))) return undefined;
  return {
    message: `the link ${path} leads out of ${tree}/, to ${target}`,
    suggestion: 'Write where it leads on the unit, from /; a file of this machine is copied into the image folder.',
  };
}

function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`);
}

/** Hash of what determines the image: the folder but for sample/, README files and lock.json. */
export async function definitionHash(root: string): Promise<string> {
  const parts: [string, Hashable][] = [];
  for (const name of (await readdir(root)).sort()) {
    if (name === 'sample' || name === 'lock.json' || /^README/i.test(name)) continue;
    parts.push([name, await hashEntry(join(root, name))]);
  }
  return hashData(Object.fromEntries(parts));
}

async function hashEntry(path: string): Promise<Hashable> {
  const info = await lstat(path);
  if (info.isSymbolicLink()) return ['link', await readlink(path)];
  if (info.isDirectory()) return ['directory', await hashTree(path)];
  return [(info.mode & 0o111) === 0 ? 'file' : 'executable', await sha256File(path)];
}
