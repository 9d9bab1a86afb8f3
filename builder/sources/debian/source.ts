/** `debian`: .deb files beyond the archive; the packages they depend on come from the archive. */
import { copyFile, mkdir, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';

import type { Context } from '../../kit/context.ts';
import { hashData } from '../../kit/hash.ts';
import { download } from '../download.ts';
import { insideImage } from '../inside.ts';
import { hashOf } from '../override.ts';
import type { FetchedArtifact, FetchRequest, Source } from '../source.ts';
import { type LocalDeb, readDeb } from './deb.ts';
import type { DebianArtifact } from './schema.ts';

export const debianSource: Source<DebianArtifact> = {
  kind: 'debian',

  async inputs(request) {
    if (request.override !== undefined) return [];
    const hashes: string[] = [];
    for (const entry of request.definition.packages) {
      hashes.push('path' in entry ? await hashOf(await insideImage(request.imageFolder, entry.path, request.name)) : hashData(entry));
    }
    return hashes;
  },

  async fetch(request, folder, ctx) {
    const debs: LocalDeb[] = [];
    for (const [index, path] of (await filesOf(request, ctx)).entries()) {
      // Numbered: two folders of the image may hold files of the same name.
      const target = join(folder, 'debs', String(index), debName(path));
      await mkdir(join(folder, 'debs', String(index)), { recursive: true });
      await copyFile(path, target);
      debs.push(await readDeb(target, ctx));
    }
    const files = debs.map((deb) => ({ name: deb.name, version: deb.version, sha256: deb.sha256 }));
    return {
      locked: { kind: 'debian', files: files.sort((a, b) => (a.name < b.name ? -1 : 1)) },
      components: files.map((file) => ({ type: 'debian', ...file })),
    };
  },

  // Nothing to place: mmdebstrap installs them with the other packages.
  place: async () => [],
};

/** The .deb files that `fetch` put into `folder`, read. */
export async function fetchedDebs(folder: string, ctx: Context): Promise<LocalDeb[]> {
  const debs: LocalDeb[] = [];
  for (const entry of await readdir(join(folder, 'debs'), { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) debs.push(await readDeb(join(entry.parentPath, entry.name), ctx));
  }
  return debs.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Names of the packages among fetched artifacts: files of their own, not of the distribution's archive. Pure. */
export function packagesOf(artifacts: readonly Pick<FetchedArtifact, 'locked'>[]): string[] {
  return artifacts.flatMap(({ locked }) => (locked.kind === debianSource.kind ? locked.files.map(({ name }) => name) : []));
}

async function filesOf(request: FetchRequest<DebianArtifact>, ctx: Context): Promise<string[]> {
  if (request.override !== undefined) return await debsAt(request.override);
  const paths: string[] = [];
  const offline = request.guest.archive.offline ?? false;
  for (const entry of request.definition.packages) {
    if ('path' in entry) paths.push(await insideImage(request.imageFolder, entry.path, request.name));
    else paths.push(await download({ what: `package ${basename(entry.url)} of artifact ${request.name}`, ...entry, offline }, ctx));
  }
  return paths;
}

async function debsAt(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const names = (await readdir(path)).filter((name) => name.endsWith('.deb')).sort();
  return names.map((name) => join(path, name));
}

/** Files of the download cache are named by their hash; apt takes only what ends in .deb for a package. */
function debName(path: string): string {
  return path.endsWith('.deb') ? basename(path) : `${basename(path)}.deb`;
}
