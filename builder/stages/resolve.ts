/** resolve: names of packages to exact versions, as the suite has them today. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { LoadedImage } from '../definition/definition.ts';
import { locatePackage } from '../definition/locate.ts';
import type { Lock } from '../definition/lock.ts';
import type { Cleanup } from '../kit/cleanup.ts';
import type { Context } from '../kit/context.ts';
import { ownedFolder } from '../kit/owner.ts';
import { packageNames } from '../payload/base.ts';
import type { Stage } from '../pipeline/stage.ts';
import { type Archive, type ArchiveOptions, openArchive } from '../sources/debian/archive.ts';
import type { LocalDeb } from '../sources/debian/deb.ts';
import { type Solution, solve } from '../sources/debian/solve.ts';
import { fetchedDebs } from '../sources/debian/source.ts';
import type { ResolvedPackage } from '../sources/debian/stanza.ts';
import { artifactInputs, fetchArtifact } from '../sources/index.ts';
import type { Override } from '../sources/override.ts';
import { type ArtifactInput, artifactRequest, artifactsOf } from './artifacts.ts';

export interface ResolveInput {
  image: LoadedImage;
  /** What the engine itself brings (payload/base.ts). */
  basePackages: readonly string[];
  lock: Lock | undefined;
  overrides: Readonly<Record<string, Override>>;
  archive: ArchiveOptions;
  purpose: 'lock' | 'bake';
}

export interface ResolveOutput {
  /** In the order of names. */
  packages: ResolvedPackage[];
  /** Names to install; everything else in `packages` follows from them: mmdebstrap's --include. */
  requested: string[];
  /** Index entries by package name. */
  stanzas: Record<string, string>;
  /** Sources without log-ins, the hash of their index, and when it was fetched. */
  archive: { lines: string[]; index: string; updated: string };
  /** Version of the distribution's python3, `3.13`; absent where the image has none. */
  python?: string;
}

const FILE = 'resolved.json';

export const resolveStage: Stage<ResolveInput, ResolveOutput> = {
  name: 'resolve',

  /** Refreshes the index where it is a day old: what the archive says today is an input. */
  async inputs(input, ctx) {
    const { base } = input.image.definition;
    const archive = await openArchive(base, input.archive, ctx);
    const debs: string[][] = [];
    for (const [name, definition] of artifactsOf(input, 'debian')) {
      const override = input.overrides[name]?.sha256;
      debs.push([
        name,
        ...(override === undefined ? [] : [override]),
        ...(await artifactInputs(artifactRequest(input, name, definition), ctx)),
      ]);
    }
    return { base, packages: namesOf(input), index: archive.index, debs };
  },

  async run(input, folder, ctx, cleanup) {
    const archive = await openArchive(input.image.definition.base, { ...input.archive, update: false }, ctx);
    const debs = await localDebs(input, ctx, cleanup);
    const names = namesOf(input);
    ctx.events.progress(`resolving ${names.length} packages`);
    const locate = (name: string) => locatePackage(input.image.folder, name);
    const solution = await solve(archive, names, debs, ctx, locate);
    const requested = [...new Set(['apt', ...names, ...debs.map((deb) => deb.name)])].sort();
    await writeFile(join(folder, FILE), JSON.stringify(outputOf(solution, requested, archive)));
  },

  async open(folder) {
    return JSON.parse(await readFile(join(folder, FILE), 'utf8')) as ResolveOutput;
  },
};

function outputOf(solution: Solution, requested: string[], archive: Archive): ResolveOutput {
  const python = /^\d+\.\d+/.exec(solution.packages.find((entry) => entry.name === 'python3')?.version ?? '')?.[0];
  return {
    ...solution,
    requested,
    archive: { lines: [...archive.lines], index: archive.index, updated: archive.updated.toISOString() },
    ...(python === undefined ? {} : { python }),
  };
}

function namesOf(input: ResolveInput): string[] {
  const { base, packages } = input.image.definition;
  return packageNames([...input.basePackages, ...packages], base.distribution);
}

/** The .deb files that are artifacts: fetched here too, because what they depend on is to be resolved. */
async function localDebs(input: ArtifactInput, ctx: Context, cleanup: Cleanup): Promise<LocalDeb[]> {
  const debs: LocalDeb[] = [];
  for (const [name, definition] of artifactsOf(input, 'debian')) {
    const folder = await ownedFolder(ctx.cacheDir, 'debian', cleanup);
    await fetchArtifact(artifactRequest(input, name, definition), folder, ctx, cleanup);
    debs.push(...(await fetchedDebs(folder, ctx)));
  }
  return debs;
}
