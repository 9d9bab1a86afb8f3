/** From what a user types for an image to its folder. */
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';

import { nearest } from '../../firstboot/settings/nearest.ts';
import { ExitCode, UserError } from '../kit/errors.ts';
import { packageRoot } from '../kit/paths.ts';
import { shellWord } from '../kit/shell-word.ts';

export const DEFINITION_FILE = 'image.yaml';

/** Folders whose sub-folders are images, the nearer first. */
function imageRoots(cwd: string): string[] {
  return [...new Set([join(cwd, 'images'), join(packageRoot(), 'images')])];
}

/** Folders of all images that can be called by name; the first of equal names wins. */
export async function findImages(cwd: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const root of imageRoots(cwd)) {
    for (const name of (await readdir(root).catch(() => [])).sort()) {
      if (!found.has(name) && (await isFile(join(root, name, DEFINITION_FILE)))) found.set(name, join(root, name));
    }
  }
  return found;
}

/**
 * The folder of an image: a word is looked for in ./images and in the images that come with the package; anything with
 * a slash, and `.`, is a folder.
 * @throws UserError(definition) where there is no image.yaml.
 */
export async function resolveImage(image: string, cwd: string): Promise<string> {
  if (image === '') throw new UserError('The name of the image is empty', { exitCode: ExitCode.usage });
  if (image.includes('/') || image === '.' || image === '..') return folderOf(image, cwd);
  const images = await findImages(cwd);
  const folder = images.get(image);
  if (folder !== undefined) return folder;
  const near = nearest(image, [...images.keys()]);
  throw new UserError(`There is no image "${image}"`, {
    exitCode: ExitCode.definition,
    why: `No folder ${imageRoots(cwd)
      .map((root) => show(join(root, image), cwd))
      .join(' or ')} has an ${DEFINITION_FILE}.`,
    remedies: [
      ...(near === undefined ? [] : [`Did you mean ${near}?`]),
      'unitsmith list shows the images that there are.',
      `If "${image}" is a folder, write it with a slash: ./${image}`,
    ],
  });
}

async function folderOf(image: string, cwd: string): Promise<string> {
  const path = resolve(cwd, image);
  // People also name the file itself: its folder is meant.
  const folder = path.endsWith(`/${DEFINITION_FILE}`) ? resolve(path, '..') : path;
  if (await isFile(join(folder, DEFINITION_FILE))) return folder;
  throw new UserError(`There is no image in ${show(folder, cwd)}`, {
    exitCode: ExitCode.definition,
    why: `The folder has no ${DEFINITION_FILE}.`,
    remedies: ['unitsmith new NAME --folder FOLDER writes a skeleton.'],
  });
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (info) => info.isFile(),
    () => false,
  );
}

/** A path as messages show it: relative where it is below the working directory. */
export function show(path: string, cwd: string): string {
  const way = relative(cwd, path);
  return way === '' || way.startsWith('..') || isAbsolute(way) ? path : way;
}

/** What to type for an image: its name where that leads to it, else its folder, with a slash so that it is read as one. */
export function imageWord(folder: string, cwd: string): string {
  if (dirname(folder) === join(cwd, 'images')) return shellWord(basename(folder));
  const shown = show(folder, cwd);
  return shellWord(shown.includes('/') ? shown : `./${shown}`);
}
