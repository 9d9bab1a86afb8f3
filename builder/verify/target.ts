/** What `try` boots: a file, a folder with packaged files, or the last bake of an image by its name. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { ExitCode, UserError } from '../kit/errors.ts';

export interface Target {
  file: string;
  /** The image's sample answers; undefined where it has none, or the file is of no image that is here. */
  answers: string | undefined;
  /** The image's folder; undefined where the file is of no image that is here. */
  image: string | undefined;
}

/** Where bakes leave their results, and the folder of each image by its name (`findImages`). */
export interface Places {
  out: string;
  images: ReadonlyMap<string, string>;
}

/** A qcow2 is booted before an OVA of the same bake: nothing needs to be unpacked. */
const PREFERRED = ['.qcow2', '.raw', '.vmdk', '.ova', '.raw.zst'] as const;

/** @throws UserError(usage) where there is nothing of that name to boot. */
export async function findTarget(name: string, places: Places): Promise<Target> {
  const kind = await kindOf(name);
  if (kind === 'file') return { file: name, answers: undefined, image: undefined };
  const isName = /^[a-z][a-z0-9-]*$/.test(name);
  const folders = kind === 'folder' ? [name] : isName ? [join(places.out, name), places.out] : [];
  for (const folder of folders) {
    const file = await newestIn(folder, isName && folder === places.out ? name : undefined);
    const image = places.images.get(name);
    if (file !== undefined) return { file, answers: await sampleAnswers(image), image };
  }
  throw new UserError(`there is nothing to boot under the name ${name}`, {
    exitCode: ExitCode.usage,
    why: folders.length === 0 ? 'there is no such file' : `no OVA, qcow2, VMDK or raw disk in ${folders.join(' or ')}`,
    remedies: [`bake it first: unitsmith bake ${isName ? name : 'IMAGE'}`, 'or name a file: unitsmith try FILE'],
  });
}

async function kindOf(path: string): Promise<'file' | 'folder' | undefined> {
  const info = await stat(path).catch(() => undefined);
  if (info === undefined) return undefined;
  return info.isDirectory() ? 'folder' : 'file';
}

/** The newest packaged file; of those within five minutes, which are of one bake, the one that boots with the least work. */
async function newestIn(folder: string, prefix: string | undefined): Promise<string | undefined> {
  const names = await readdir(folder).catch(() => []);
  const found: { path: string; rank: number; slot: number }[] = [];
  for (const name of names) {
    const rank = PREFERRED.findIndex((suffix) => name.endsWith(suffix));
    // The version follows: `sphere-extra` is another image.
    if (rank < 0 || (prefix !== undefined && !(name.startsWith(`${prefix}-`) && /^\d/.test(name.slice(prefix.length + 1))))) continue;
    const path = join(folder, name);
    found.push({ path, rank, slot: Math.floor((await stat(path)).mtimeMs / 300_000) });
  }
  return found.sort((a, b) => b.slot - a.slot || a.rank - b.rank)[0]?.path;
}

/** The sample answers in an image's folder; undefined where it has none. */
export async function sampleAnswers(image: string | undefined): Promise<string | undefined> {
  if (image === undefined) return undefined;
  const path = join(image, 'sample', 'answers.yaml');
  return (await kindOf(path)) === 'file' ? path : undefined;
}
