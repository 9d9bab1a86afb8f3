/** Packages and artifacts of an image onto this machine before any clock starts, so that neither side waits for a network. */
import { constants, copyFile, cp, link, mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';

import type { LoadedImage } from '../../builder/definition/definition.ts';
import { readLock } from '../../builder/definition/lock.ts';
import type { Context } from '../../builder/kit/context.ts';
import { Runner } from '../../builder/pipeline/runner.ts';
import { readStageCodes } from '../../builder/pipeline/stage-code.ts';
import { fetchStage } from '../../builder/stages/fetch.ts';
import { resolveStage } from '../../builder/stages/resolve.ts';
import { removeMappedTree } from '../../builder/tools/namespace.ts';

export interface Prepared {
  /** Flat repository (`Packages`, `pool/*.deb`) of exactly the packages of the image. */
  repository: string;
  /** Names that are installed; the rest of the repository is what they depend on. */
  requested: string[];
  /** How many packages that is in all. */
  packages: number;
}

/**
 * Fills the download store and the package index of `cacheDir`, and keeps the repository as `repository`. No result of a
 * stage is left in the cache: a bake there is a cold one that has nothing to download.
 * @param store folder with downloads that may be taken instead of fetching them anew
 */
export async function preparePackages(
  image: LoadedImage,
  basePackages: readonly string[],
  folders: { cacheDir: string; repository: string; store: string },
  ctx: Context,
): Promise<Prepared> {
  await seedStore(folders.store, join(folders.cacheDir, 'downloads'));
  const own: Context = { ...ctx, cacheDir: folders.cacheDir };
  const runner = new Runner(own, image.definition.name, await readStageCodes(), (folder) => removeMappedTree(own, folder));
  const common = { image, lock: await readLock(image.folder), overrides: {}, archive: {}, purpose: 'bake' } as const;
  const resolved = await runner.run(resolveStage, { ...common, basePackages });
  const fetched = await runner.run(fetchStage, { ...common, resolved: resolved.output });
  await rename(fetched.output.repository, folders.repository);
  await removeMappedTree(own, join(folders.cacheDir, 'stages'));
  return { repository: folders.repository, requested: resolved.output.requested, packages: resolved.output.packages.length };
}

/** The finished downloads of another store: by a second name where that is possible. */
async function seedStore(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const name of await readdir(from).catch(() => [])) {
    if (!/^[0-9a-f]{64}$/.test(name)) continue;
    await linkOrCopy(join(from, name), join(to, name));
    await cp(join(from, `${name}.checked`), join(to, `${name}.checked`)).catch(() => rm(join(to, `${name}.checked`), { force: true }));
  }
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch {
    await copyFile(from, to, constants.COPYFILE_FICLONE);
    const { atime, mtime } = await stat(from);
    await utimes(to, atime, mtime);
  }
}
