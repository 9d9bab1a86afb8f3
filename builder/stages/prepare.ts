/** What a bake does before there is a disk: packages become a root file system, everything else a payload to unpack on it. */
import { join } from 'node:path';

import type { LoadedImage } from '../definition/definition.ts';
import { type Lock, lockPath, readLock } from '../definition/lock.ts';
import type { Context } from '../kit/context.ts';
import { sha256File } from '../kit/hash.ts';
import { templatePath } from '../kit/paths.ts';
import { basePackages } from '../payload/base.ts';
import { StageCache } from '../pipeline/cache.ts';
import { Runner, type StageResult } from '../pipeline/runner.ts';
import { readStageCodes } from '../pipeline/stage-code.ts';
import type { ArchiveOptions } from '../sources/debian/archive.ts';
import { archiveLines } from '../sources/debian/lines.ts';
import { type Override, readOverrides } from '../sources/override.ts';
import { removeMappedTree } from '../tools/namespace.ts';
import { artifactRequest, artifactsOf } from './artifacts.ts';
import { endLeftMachine } from './bake/kept-machine.ts';
import { type FetchOutput, fetchStage } from './fetch.ts';
import { type PayloadOutput, payloadStage } from './payload.ts';
import { type PlaceOutput, placeStage } from './place.ts';
import { type ResolveOutput, resolveStage } from './resolve.ts';
import { type RootfsOutput, rootfsStage } from './rootfs.ts';

export interface PrepareOptions {
  builderVersion: string;
  archive: ArchiveOptions;
  /** `NAME=PATH` of --artifact, as given. */
  artifacts: readonly string[];
}

/** An image with all that is said about it outside image.yaml. */
export interface Ingredients {
  image: LoadedImage;
  lock: Lock | undefined;
  /** Of lock.json; null where there is none. */
  lockHash: string | null;
  overrides: Record<string, Override>;
  archive: ArchiveOptions;
  builderVersion: string;
  purpose: 'bake';
}

export interface Installed {
  resolved: StageResult<ResolveOutput>;
  fetched: StageResult<FetchOutput>;
  rootfs: StageResult<RootfsOutput>;
}

export async function readIngredients(image: LoadedImage, options: PrepareOptions): Promise<Ingredients> {
  const lock = await readLock(image.folder);
  return {
    image,
    lock,
    lockHash: lock === undefined ? null : await sha256File(lockPath(image.folder)),
    overrides: await readOverrides(options.artifacts, Object.keys(image.definition.artifacts ?? {})),
    archive: options.archive,
    builderVersion: options.builderVersion,
    purpose: 'bake',
  };
}

/**
 * A runner on the cache, which the caller has locked, after what runs that were killed have left there is gone.
 * @param tools versions to record of what is made now
 */
export async function openRunner(ctx: Context, image: LoadedImage, tools: Readonly<Record<string, string>> = {}): Promise<Runner> {
  const remove = (folder: string): Promise<void> => removeMappedTree(ctx, folder);
  await sweepCache(ctx);
  return new Runner(ctx, image.definition.name, await readStageCodes(), remove, tools);
}

/** Removes what runs that were killed have left, with their machines. Only for the holder of the build lock. */
export async function sweepCache(ctx: Context): Promise<void> {
  await new StageCache(ctx).sweep(async (folder) => {
    await endLeftMachine(folder);
    await removeMappedTree(ctx, folder);
  });
}

export async function installPackages(runner: Runner, ingredients: Ingredients): Promise<Installed> {
  const { image } = ingredients;
  const resolved = await runner.run(resolveStage, { ...ingredients, basePackages: basePackages(image.definition) });
  const fetched = await runner.run(fetchStage, { ...ingredients, resolved: resolved.output });
  const rootfs = await runner.run(rootfsStage, {
    image,
    repository: fetched.output.repository,
    packages: resolved.output.packages,
    requested: resolved.output.requested,
    sources: `${archiveLines(image.definition.base).join('\n')}\n`,
    systemFiles: [templatePath('system', 'before-install'), join(image.folder, 'before-install')],
  });
  return { resolved, fetched, rootfs };
}

export async function assemblePayload(
  runner: Runner,
  ingredients: Ingredients,
  { fetched, rootfs }: Installed,
): Promise<StageResult<PayloadOutput>> {
  const artifacts: StageResult<PlaceOutput>[] = [];
  // Every artifact that has files for the unit, each in a stage of its own.
  for (const [name, definition] of artifactsOf(ingredients)) {
    const artifact = fetched.output.artifacts[name];
    if (artifact === undefined) throw new Error(`artifact ${name} was not fetched`);
    const request = artifactRequest(ingredients, name, definition, fetched.output.python);
    artifacts.push(await runner.run(placeStage, { request, fetched: artifact, rootfs: rootfs.output.tar, rootfsId: rootfs.id }));
  }
  return await runner.run(payloadStage, {
    image: ingredients.image,
    lockHash: ingredients.lockHash,
    builderVersion: ingredients.builderVersion,
    artifacts,
    cloudInitSchemas: rootfs.output.cloudInitSchemas,
  });
}
