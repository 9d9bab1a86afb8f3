/** The artifact kinds: one line each. */
import { mkdir } from 'node:fs/promises';

import type { Cleanup } from '../kit/cleanup.ts';
import type { Context } from '../kit/context.ts';
import type { Artifact } from './artifact.ts';
import { containerSource } from './container/source.ts';
import { debianSource } from './debian/source.ts';
import { fileSource } from './file/source.ts';
import { gitSource } from './git/source.ts';
import { holdToLock } from './locked.ts';
import { mavenSource } from './maven/source.ts';
import { npmSource } from './npm/source.ts';
import { hashOf } from './override.ts';
import { pypiSource } from './pypi/source.ts';
import type { FetchedArtifact, FetchRequest, PlacedOwner, PlaceRequest, Source } from './source.ts';
import { urlSource } from './url/source.ts';

const SOURCES = {
  container: containerSource({ inputs: artifactInputs, fetch: fetchArtifact, place: placeArtifact }),
  debian: debianSource,
  file: fileSource,
  git: gitSource,
  maven: mavenSource,
  npm: npmSource,
  pypi: pypiSource,
  url: urlSource,
};

/** The source of an artifact. `kind` pairs a definition with its own source, which the type system cannot see. */
function sourceOf(definition: Artifact): Source<Artifact> {
  return SOURCES[definition.kind] as unknown as Source<Artifact>;
}

/** What decides an artifact's content besides its definition and lock: see `Source.inputs`. */
export async function artifactInputs(request: FetchRequest<Artifact>, ctx: Context): Promise<string[]> {
  return await sourceOf(request.definition).inputs(request, ctx);
}

/** Whether what `placeArtifact` gives depends on the image's packages. */
export function usesRootfs(definition: Artifact): boolean {
  return sourceOf(definition).usesRootfs === true;
}

/** Fetches an artifact, or what stands in for it, and holds it to the lock. @throws UserError, see `Source.fetch` */
export async function fetchArtifact(
  request: FetchRequest<Artifact>,
  folder: string,
  ctx: Context,
  cleanup: Cleanup,
): Promise<FetchedArtifact> {
  await mkdir(folder, { recursive: true });
  const source = sourceOf(request.definition);
  const fetched = await source.fetch(request, folder, ctx, cleanup);
  if (request.override !== undefined) {
    return { ...fetched, override: { path: request.override, sha256: await hashOf(request.override) } };
  }
  const held = request.purpose === 'bake' && source.packagesMove !== true;
  if (held && request.locked !== undefined) holdToLock(request.name, request.locked, fetched.locked);
  return fetched;
}

/** Puts a fetched artifact below `root`; gives the owners of what it put there. */
export async function placeArtifact(
  request: PlaceRequest<Artifact>,
  folder: string,
  root: string,
  ctx: Context,
  cleanup: Cleanup,
): Promise<PlacedOwner[]> {
  return await sourceOf(request.definition).place(request, folder, root, ctx, cleanup);
}
