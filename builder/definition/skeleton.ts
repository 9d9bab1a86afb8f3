/** The skeleton that `unitsmith new` writes: the image `starter` under another name. */
import { copyFile, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { ExitCode, UserError } from '../kit/errors.ts';
import { temporaryBeside } from '../kit/files.ts';
import { packageRoot } from '../kit/paths.ts';
import { lockPath } from './lock.ts';

const NAME = /^[a-z][a-z0-9-]{0,62}$/;

/**
 * Writes a skeleton image called `name` into `parent`/`name`, whole or not at all, and returns that folder.
 * @throws UserError(usage) for a bad name and for a folder that is there already.
 */
export async function writeSkeleton(name: string, parent: string): Promise<string> {
  if (!NAME.test(name)) throw badName(name);
  const folder = join(parent, name);
  if (await exists(folder)) {
    throw new UserError(`${folder} is there already`, {
      exitCode: ExitCode.usage,
      why: 'Nothing is overwritten.',
      remedies: ['Choose another name, or another --folder.'],
    });
  }
  const starter = join(packageRoot(), 'images', 'starter');
  const partial = temporaryBeside(folder);
  try {
    for (const path of await filesOf(starter)) {
      // Versions are those of the day on which the new image is locked.
      if (join(starter, path) === lockPath(starter)) continue;
      await mkdir(dirname(join(partial, path)), { recursive: true });
      await copyFile(join(starter, path), join(partial, path));
    }
    for (const path of ['image.yaml', 'README.md']) {
      const text = await readFile(join(partial, path), 'utf8');
      await writeFile(join(partial, path), text.replaceAll(/\bstarter\b/g, name).replaceAll(/\bStarter\b/g, titleOf(name)));
    }
    await rename(partial, folder);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
  return folder;
}

function badName(name: string): UserError {
  const better = name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^[^a-z]+|-+$/g, '')
    .slice(0, 63);
  return new UserError(`"${name}" cannot be the name of an image`, {
    exitCode: ExitCode.usage,
    why: 'A name has lower-case letters, digits and hyphens, a letter first, and at most 63 characters: file names and host names are made of it.',
    remedies: NAME.test(better) ? [`unitsmith new ${better}`] : ['Choose a name such as my-shop.'],
  });
}

/** `My shop` for `my-shop`. */
function titleOf(name: string): string {
  const words = name.replaceAll(/-+/g, ' ').trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

async function filesOf(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
