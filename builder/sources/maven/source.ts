/** `maven`: files of Maven repositories by their coordinates, fetched by the host's mvn and held to lock.json. */
import { link, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { Cleanup } from '../../kit/cleanup.ts';
import type { Context } from '../../kit/context.ts';
import { ExitCode, UserError } from '../../kit/errors.ts';
import { notInCache, notLocked } from '../failures.ts';
import { CONTENT, keep, placeAt } from '../place.ts';
import type { Component, FetchRequest, LockedFile, PlacedOwner, Source } from '../source.ts';
import { DownloadStore } from '../store.ts';
import { type Coordinates, fileNameOf, parseCoordinates } from './coordinates.ts';
import { bringFiles, type WantedFile } from './fetch.ts';
import type { MavenArtifact } from './schema.ts';

type Request = FetchRequest<MavenArtifact>;

const NOT_PINNED = 'coordinates name a version, and only lock.json holds its files to their hashes';

export const mavenSource: Source<MavenArtifact> = {
  kind: 'maven',

  inputs: async () => [],

  async fetch(request, folder, ctx, cleanup) {
    if (request.override !== undefined) return await keep(request.override, 'maven', folder);
    const coordinates = request.definition.coordinates.map(parseCoordinates);
    const files = await bring(request, coordinates, ctx, cleanup);
    const store = new DownloadStore(ctx);
    await mkdir(join(folder, CONTENT), { recursive: true });
    for (const { name, sha256 } of files) {
      const path = await store.find(sha256);
      if (path === undefined) throw new Error(`${name} vanished from the download cache`);
      await link(path, join(folder, CONTENT, name));
    }
    return {
      locked: { kind: 'maven', files: [...files].sort((a, b) => (a.name < b.name ? -1 : 1)) },
      components: coordinates.map((entry, index) => componentOf(entry, files[index]?.sha256 ?? '')),
    };
  },

  async place(request, folder, root, ctx) {
    const owners: PlacedOwner[] = [];
    for (const name of (await readdir(join(folder, CONTENT))).sort()) {
      owners.push(...(await placeAt(join(folder, CONTENT, name), request.definition, root, ctx)));
    }
    return owners;
  },
};

/** The files, in the download cache, in the order of `coordinates`: anew for a lock, exactly as locked for a bake. */
async function bring(request: Request, coordinates: readonly Coordinates[], ctx: Context, cleanup: Cleanup): Promise<LockedFile[]> {
  const wanted = coordinates.map((entry): WantedFile => ({ ...entry, name: fileNameOf(entry) }));
  const store = new DownloadStore(ctx);
  await store.open();
  const offline = request.guest.archive.offline ?? false;
  if (request.purpose === 'lock') {
    if (offline) throw notInCache(request.name, wanted[0]?.name ?? '');
    return await bringFiles(request.name, wanted, store, ctx, cleanup);
  }
  if (request.locked === undefined) throw notLocked(request.name, NOT_PINNED);
  const locked = mustMatchLock(request.name, wanted, request.locked.files);
  const missing: WantedFile[] = [];
  for (const file of locked) if ((await store.find(file.sha256)) === undefined) missing.push(file);
  if (missing[0] !== undefined && offline) throw notInCache(request.name, missing[0].name);
  if (missing.length > 0) await bringFiles(request.name, missing, store, ctx, cleanup);
  return locked.map(({ name, version, sha256 }) => ({ name, version, sha256 }));
}

/** The wanted files with their hashes. Coordinates that were changed since the lock was written are not silently taken as they were. */
function mustMatchLock(artifact: string, wanted: readonly WantedFile[], files: readonly LockedFile[]): (WantedFile & { sha256: string })[] {
  const locked = new Map(files.map((file) => [file.name, file]));
  const problems = wanted
    .filter(({ name, version }) => locked.get(name)?.version !== version)
    .map(({ name }) => ({ message: `${name} is not in lock.json` }));
  if (problems.length === 0) return wanted.map((file) => ({ ...file, sha256: locked.get(file.name)?.sha256 ?? '' }));
  throw new UserError(`Artifact ${artifact}: the coordinates are not those that were locked`, {
    exitCode: ExitCode.definition,
    problems,
    remedies: ['unitsmith lock'],
  });
}

/** Where it came from is the host's own matter: the coordinates say it for everybody. */
function componentOf({ group, artifact, version, packaging, classifier }: Coordinates, sha256: string): Component {
  const qualifiers = { ...(classifier === undefined ? {} : { classifier }), type: packaging };
  return { type: 'maven', name: `${group}/${artifact}`, version, sha256, qualifiers };
}
