/** fetch: every package and artifact onto this machine, verified; packages as a repository that needs no network. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Stage } from '../pipeline/stage.ts';
import { openArchive } from '../sources/debian/archive.ts';
import { makeRepository } from '../sources/debian/repository.ts';
import { fetchedDebs } from '../sources/debian/source.ts';
import type { ResolvedPackage } from '../sources/debian/stanza.ts';
import { artifactInputs, fetchArtifact } from '../sources/index.ts';
import type { FetchedArtifact } from '../sources/source.ts';
import { type ArtifactInput, artifactRequest, artifactsOf } from './artifacts.ts';
import type { ResolveOutput } from './resolve.ts';

export interface FetchInput extends ArtifactInput {
  resolved: ResolveOutput;
}

export interface FetchOutput {
  /** Flat package repository: Packages, pool/*.deb. */
  repository: string;
  packages: ResolvedPackage[];
  /** By name: the folder that `placeArtifact` takes, and what is in it. */
  artifacts: Record<string, FetchedArtifact & { folder: string }>;
  /** Version of the guest's python3, `3.13`; absent where the image has none. */
  python?: string;
}

const FILE = 'fetched.json';

export const fetchStage: Stage<FetchInput, FetchOutput> = {
  name: 'fetch',

  async inputs(input, ctx) {
    const artifacts: Record<string, string[]> = {};
    for (const [name, definition] of artifactsOf(input)) {
      const request = artifactRequest(input, name, definition, input.resolved.python);
      artifacts[name] = [
        JSON.stringify([definition, request.locked ?? null, request.purpose, input.overrides[name]?.sha256 ?? null]),
        ...(await artifactInputs(request, ctx)),
      ];
    }
    return {
      base: input.image.definition.base,
      python: input.resolved.python ?? null,
      packages: input.resolved.packages.map((entry) => [entry.filename, entry.sha256]),
      artifacts,
    };
  },

  async run(input, folder, ctx, cleanup) {
    const fetched: Record<string, FetchedArtifact> = {};
    for (const [name, definition] of artifactsOf(input)) {
      const request = artifactRequest(input, name, definition, input.resolved.python);
      fetched[name] = await fetchArtifact(request, artifactFolder(folder, name), ctx, cleanup);
    }
    const debs = [];
    for (const [name] of artifactsOf(input, 'debian')) debs.push(...(await fetchedDebs(artifactFolder(folder, name), ctx)));
    const archive = await openArchive(input.image.definition.base, { ...input.archive, offline: true }, ctx);
    const repository = join(folder, 'repository');
    await mkdir(repository);
    await makeRepository(input.resolved, repository, { archive, offline: input.archive.offline ?? false, debs }, ctx);
    await writeFile(join(folder, FILE), JSON.stringify(fetched));
  },

  async open(folder, input) {
    const fetched = JSON.parse(await readFile(join(folder, FILE), 'utf8')) as Record<string, FetchedArtifact>;
    const artifacts = Object.entries(fetched).map(([name, entry]) => [name, { ...entry, folder: artifactFolder(folder, name) }]);
    return {
      repository: join(folder, 'repository'),
      packages: input.resolved.packages,
      artifacts: Object.fromEntries(artifacts) as FetchOutput['artifacts'],
      ...(input.resolved.python === undefined ? {} : { python: input.resolved.python }),
    };
  },
};

function artifactFolder(folder: string, name: string): string {
  return join(folder, 'artifacts', name);
}
