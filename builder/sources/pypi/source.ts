/** `pypi`: Python packages for the guest's Python, as wheels or as a virtual environment made of them. */
import { copyFile, link, mkdir, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';

import type { Cleanup } from '../../kit/cleanup.ts';
import type { Context } from '../../kit/context.ts';
import { ExitCode, UserError } from '../../kit/errors.ts';
import { temporaryFolder } from '../../kit/files.ts';
import { sha256File } from '../../kit/hash.ts';
import { notLocked } from '../failures.ts';
import { insideImage } from '../inside.ts';
import { placeAt } from '../place.ts';
import type { Component, FetchedArtifact, FetchRequest, LockedFile, PlacedOwner, Source } from '../source.ts';
import { DownloadStore } from '../store.ts';
import { buildWheels } from './build.ts';
import { bringLocked, chooseDistributions } from './distributions.ts';
import { parseFileName } from './files.ts';
import { fetchPip } from './pip-wheel.ts';
import { normaliseName, type Requirement, readRequirements } from './requirements.ts';
import type { PypiArtifact } from './schema.ts';
import { makeVirtualenv } from './virtualenv.ts';
import { licencesOf } from './wheel-metadata.ts';

type Request = FetchRequest<PypiArtifact>;

const NOT_PINNED = 'requirements name versions, and only lock.json holds the files of these versions to their hashes';
const WHEELS = 'wheels';
const PIP = 'pip.whl';

export const pypiSource: Source<PypiArtifact> = {
  kind: 'pypi',
  usesRootfs: true,

  inputs: async (request) => (request.override === undefined ? [await sha256File(await requirementsFile(request))] : []),

  async fetch(request, folder, ctx, cleanup) {
    const python = request.guest.python;
    if (python === undefined) throw noPython(request.name);
    const wheels = join(folder, WHEELS);
    await mkdir(wheels, { recursive: true });
    const files = request.override === undefined ? await distributions(request, python, ctx, cleanup) : undefined;
    if (files === undefined) await copyWheels(request.override ?? '', wheels);
    else await fillWheels(request, files, wheels, ctx, cleanup);
    if (request.definition.virtualenv !== undefined) await fetchPip(request.guest, join(folder, PIP), ctx, cleanup);
    return await describe(wheels, files, ctx);
  },

  async place(request, folder, root, ctx, cleanup) {
    const { into, virtualenv, owner } = request.definition;
    const wheels = join(folder, WHEELS);
    const owners: PlacedOwner[] = [];
    if (into !== undefined) owners.push(...(await placeAt(wheels, { into, ...(owner === undefined ? {} : { owner }) }, root, ctx)));
    if (virtualenv === undefined) return owners;
    const names = (await readdir(wheels)).sort();
    const environment = { artifact: request.name, path: virtualenv, rootfs: request.rootfs, wheels, names, pip: join(folder, PIP) };
    await makeVirtualenv(environment, root, ctx, cleanup);
    return owner === undefined ? owners : [...owners, { path: virtualenv, owner }];
  },
};

/** The files, in the download cache: chosen for a lock, or brought as locked. */
async function distributions(request: Request, python: string, ctx: Context, cleanup: Cleanup): Promise<LockedFile[]> {
  const requirements = await readRequirements(await requirementsFile(request));
  const work = await temporaryFolder(join(ctx.cacheDir, 'tmp'), 'pypi-', cleanup);
  const offline = request.guest.archive.offline ?? false;
  const place = { artifact: request.name, target: { python, architecture: request.guest.base.architecture }, work, offline };
  if (request.purpose === 'lock') return await chooseDistributions(requirements, place, ctx);
  if (request.locked === undefined) throw notLocked(request.name, NOT_PINNED);
  mustMatchLock(request.name, requirements, request.locked.files);
  await bringLocked(request.locked.files, place, ctx);
  return request.locked.files;
}

async function fillWheels(request: Request, files: readonly LockedFile[], wheels: string, ctx: Context, cleanup: Cleanup): Promise<void> {
  const store = new DownloadStore(ctx);
  const sdists: { path: string; name: string; sha256: string }[] = [];
  for (const { name, sha256 } of files) {
    const path = await store.find(sha256);
    if (path === undefined) throw new Error(`${name} vanished from the download cache`);
    if (name.endsWith('.whl')) await link(path, join(wheels, name));
    else sdists.push({ path, name, sha256 });
  }
  if (sdists.length === 0) return;
  const packages = request.definition.build_packages ?? [];
  for (const wheel of await buildWheels({ artifact: request.name, sdists, packages, guest: request.guest }, ctx, cleanup)) {
    await copyFile(wheel, join(wheels, basename(wheel)));
  }
}

/** A folder of wheels, or one wheel, that stands in for the artifact. */
async function copyWheels(path: string, wheels: string): Promise<void> {
  const names = path.endsWith('.whl') ? [''] : (await readdir(path)).filter((name) => name.endsWith('.whl'));
  for (const name of names) await copyFile(join(path, name), join(wheels, basename(join(path, name))));
}

async function describe(wheels: string, files: readonly LockedFile[] | undefined, ctx: Context): Promise<FetchedArtifact> {
  const components: Component[] = [];
  for (const file of (await readdir(wheels)).sort()) {
    const parsed = parseFileName(file);
    const licences = await licencesOf(join(wheels, file), ctx);
    components.push({
      type: 'python',
      name: parsed?.name ?? file,
      ...(parsed === undefined ? {} : { version: parsed.version }),
      sha256: await sha256File(join(wheels, file)),
      ...(licences.length === 0 ? {} : { licences }),
    });
  }
  const own = components.map(({ name, version = '', sha256 }) => ({ name, version, sha256 }));
  return { locked: { kind: 'pypi', files: [...(files ?? own)].sort((a, b) => (a.name < b.name ? -1 : 1)) }, components };
}

async function requirementsFile(request: Request): Promise<string> {
  return await insideImage(request.imageFolder, request.definition.requirements, request.name);
}

/** A requirement that was changed since the lock was written is not silently taken in its old version. */
function mustMatchLock(artifact: string, requirements: readonly Requirement[], files: readonly LockedFile[]): void {
  const locked = new Map(files.map((file) => [parseFileName(file.name)?.name ?? normaliseName(file.name), file.version]));
  const problems = requirements
    .filter(({ name, version, text }) => locked.get(name) !== version && !text.includes(';'))
    .map(({ name, text }) => ({ message: `${text}: lock.json has ${locked.get(name) ?? 'none'}` }));
  if (problems.length === 0) return;
  throw new UserError(`Artifact ${artifact}: the requirements are not those that were locked`, {
    exitCode: ExitCode.definition,
    problems,
    remedies: ['unitsmith lock'],
  });
}

function noPython(artifact: string): UserError {
  return new UserError(`Artifact ${artifact}: the image has no Python`, {
    exitCode: ExitCode.definition,
    remedies: ['add python3 to the packages in image.yaml'],
  });
}
