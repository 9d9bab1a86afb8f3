/**
 * Paths stay where they belong, links followed: those that a definition reads in the image's folder, those that are written in
 * the folder that stands for the unit's root.
 */
import { lstat, mkdir, readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';

import { ExitCode, UserError } from '../kit/errors.ts';

/**
 * The absolute path of `path` in the image's folder.
 * @throws UserError(definition) where it is missing, or it or something below it is a link that leads out.
 */
export async function insideImage(imageFolder: string, path: string, artifact: string): Promise<string> {
  const root = await realpath(imageFolder);
  const full = join(root, path);
  await mustBeInside(root, full, path, artifact);
  if ((await stat(full)).isDirectory()) {
    for (const entry of await readdir(full, { withFileTypes: true, recursive: true })) {
      const below = join(entry.parentPath, entry.name);
      if (entry.isSymbolicLink()) await mustBeInside(root, below, relative(root, below), artifact);
    }
  }
  return full;
}

async function mustBeInside(root: string, full: string, path: string, artifact: string): Promise<void> {
  const real = await realpath(full).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'ELOOP') throw missing(root, path, artifact);
    throw error;
  });
  if (!isBelow(real, root)) {
    throw new UserError(`Artifact ${artifact}: ${path} leads out of the image's folder`, {
      exitCode: ExitCode.definition,
      why: `it is a link to ${real}`,
      remedies: [`copy the file into ${root}`, `or name another file for one bake: --artifact ${artifact}=PATH`],
    });
  }
}

function isBelow(real: string, root: string): boolean {
  return real === root || real.startsWith(root + sep);
}

/**
 * The folder `path` (as on the unit) below `root`, both made where they are missing. Links that an artifact brought are
 * followed within `root` only.
 * @throws UserError(source) where one leads out: what is written there would be written onto this machine.
 */
export async function folderBelow(root: string, path: string): Promise<string> {
  await mkdir(root, { recursive: true });
  const top = await realpath(root);
  let at = top;
  for (const name of join('/', path).split('/').filter(Boolean)) {
    const next = join(at, name);
    const info = await lstat(next).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (info === undefined) await mkdir(next);
    at = info?.isSymbolicLink() === true ? await realpath(next).catch(() => '') : next;
    if (!isBelow(at, top)) throw leadsOut(path, next.slice(top.length));
  }
  return at;
}

/** Whether `path` is there, and `root` or below it, links followed. */
export async function isWithin(root: string, path: string): Promise<boolean> {
  const real = await realpath(path).catch(() => undefined);
  return real !== undefined && isBelow(real, await realpath(root));
}

/** Where `path` stands below `root`, its folder made: see `folderBelow`. The last part is not followed. */
export async function pathBelow(root: string, path: string): Promise<string> {
  return join(await folderBelow(root, dirname(path)), basename(path));
}

function leadsOut(path: string, link: string): UserError {
  return new UserError(`${path} cannot be placed: ${link} is a link to what no artifact brings`, {
    exitCode: ExitCode.source,
    why: 'what is put below it would get onto the machine that bakes',
    remedies: [`make ${link} a folder in the artifact that has it, or a relative link to a folder in the same artifact`],
  });
}

function missing(root: string, path: string, artifact: string): UserError {
  return new UserError(`Artifact ${artifact}: there is no ${path} in the image's folder`, {
    exitCode: ExitCode.definition,
    why: `looked for in ${root}`,
    remedies: ['correct the path in image.yaml', `or name a file for one bake: --artifact ${artifact}=PATH`],
  });
}
