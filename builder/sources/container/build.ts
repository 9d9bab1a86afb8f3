/** Containers of Debian packages: a base layer that all share, one of the container's own packages, one of its artifacts. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Cleanup } from '../../kit/cleanup.ts';
import { run } from '../../kit/command.ts';
import type { Context } from '../../kit/context.ts';
import { ExitCode, UserError } from '../../kit/errors.ts';
import { temporaryFolder } from '../../kit/files.ts';
import { sha256File } from '../../kit/hash.ts';
import { archiveOwnFiles } from '../../kit/own-files.ts';
import { openArchive } from '../debian/archive.ts';
import { archiveLines } from '../debian/lines.ts';
import { makeRepository } from '../debian/repository.ts';
import { solve } from '../debian/solve.ts';
import type { ResolvedPackage } from '../debian/stanza.ts';
import type { Component, FetchedArtifact, FetchRequest, LockedFile, PlacedOwner, PlaceRequest } from '../source.ts';
import { type Contained, containedRequests } from './contained.ts';
import { configurationOf, writeImage } from './image.ts';
import { writeLayer } from './layer.ts';
import { makeRoot } from './root.ts';
import type { ContainedArtifact, ContainerArtifact, ContainerBuild } from './schema.ts';

const SOLVED = 'packages.json';

/** What `fetchBuild` leaves for `placeBuild`. */
interface Solved {
  base: Pick<ResolvedPackage, 'filename' | 'sha256'>[];
  packages: Pick<ResolvedPackage, 'filename' | 'sha256'>[];
  python?: string;
}

/** The packages, as a repository, and the artifacts of a container. @throws UserError(source | definition) */
export async function fetchBuild(
  request: FetchRequest<ContainerArtifact>,
  build: ContainerBuild,
  contained: Contained,
  folder: string,
  ctx: Context,
  cleanup: Cleanup,
): Promise<FetchedArtifact> {
  const { base, archive: options } = request.guest;
  const archive = await openArchive(base, { ...options, update: false }, ctx);
  const bottom = await solve(archive, [], [], ctx);
  const solution = await solve(archive, build.packages, [], ctx);
  const repository = join(folder, 'repository');
  await mkdir(repository);
  await makeRepository(solution, repository, { archive, offline: options.offline ?? false, debs: [] }, ctx);
  const python = /^\d+\.\d+/.exec(solution.packages.find(({ name }) => name === 'python3')?.version ?? '')?.[0];
  const files: LockedFile[] = solution.packages.map(({ name, version, sha256 }) => ({ name, version, sha256 }));
  const components: Component[] = solution.packages.map((entry) => packageComponent(request.name, entry));
  for (const item of containedRequests(request)) {
    const inner = { ...item, guest: { ...item.guest, python } };
    const fetched = await contained.fetch(inner, join(folder, 'artifacts', item.name), ctx, cleanup);
    files.push(...fetched.locked.files.map((file) => ({ ...file, name: `${item.name}/${file.name}` })));
    components.push(...fetched.components.map((component) => ({ ...component, container: request.name })));
  }
  const solved: Solved = { base: bottom.packages, packages: solution.packages, ...(python === undefined ? {} : { python }) };
  await writeFile(join(folder, SOLVED), JSON.stringify(solved));
  return { locked: { kind: 'container', files: files.sort((a, b) => (a.name < b.name ? -1 : 1)) }, components };
}

function packageComponent(container: string, entry: ResolvedPackage): Component {
  const { name, version, sha256, architecture, source, sourceVersion } = entry;
  return { type: 'debian', name, version, sha256, container, architecture, source: { name: source, version: sourceVersion } };
}

interface Placing {
  request: PlaceRequest<ContainerArtifact>;
  build: ContainerBuild;
  reference: string;
  contained: Contained;
}

/** Makes the layers and writes the image below `root`. @throws UserError(bake) */
export async function placeBuild(placing: Placing, folder: string, root: string, ctx: Context, cleanup: Cleanup): Promise<void> {
  const { request, build } = placing;
  const solved = JSON.parse(await readFile(join(folder, SOLVED), 'utf8')) as Solved;
  const work = await temporaryFolder(join(ctx.cacheDir, 'tmp'), 'layers-', cleanup);
  const common = {
    artifact: request.name,
    repository: join(folder, 'repository'),
    sources: `${archiveLines(request.guest.base).join('\n')}\n`,
  };
  const bottom = await makeRoot({ ...common, requested: ['apt'], packages: solved.base }, ctx, cleanup);
  const whole = await makeRoot({ ...common, requested: ['apt', ...build.packages], packages: solved.packages }, ctx, cleanup);
  const layers = [join(work, 'base.tar'), join(work, 'packages.tar')];
  await writeLayer(undefined, bottom.tar, join(work, 'base.tar'));
  await writeLayer(bottom.tar, whole.tar, join(work, 'packages.tar'));
  if (containedRequests(request).length > 0) {
    layers.push(join(work, 'artifacts.tar'));
    await artifactLayer(placing, { folder, rootfs: whole.tar, time: whole.time, python: solved.python, work }, ctx, cleanup);
  }
  const hashes: string[] = [];
  for (const layer of layers) hashes.push(await sha256File(layer));
  const configuration = configurationOf(build, hashes, whole.time, request.guest.base.architecture);
  await writeImage({ name: request.name, reference: placing.reference, configuration, layers }, root, ctx);
}

interface Beside {
  /** What `fetchBuild` wrote. */
  folder: string;
  /** The container's own root file system: kinds that need an interpreter take that one. */
  rootfs: string;
  time: Date;
  python: string | undefined;
  work: string;
}

async function artifactLayer({ request, contained }: Placing, beside: Beside, ctx: Context, cleanup: Cleanup): Promise<void> {
  const tree = join(beside.work, 'tree');
  await mkdir(tree);
  const owners: PlacedOwner[] = [];
  for (const item of containedRequests(request)) {
    const inner: PlaceRequest<ContainedArtifact> = { ...item, guest: { ...item.guest, python: beside.python }, rootfs: beside.rootfs };
    owners.push(...(await contained.place(inner, join(beside.folder, 'artifacts', item.name), tree, ctx, cleanup)));
  }
  const ids = owners.length === 0 ? () => ({ uid: 0, gid: 0 }) : await idsIn(beside.rootfs, request.name, owners, ctx);
  await archiveOwnFiles(tree, join(beside.work, 'artifacts.tar'), { mtime: beside.time, idsOf: ids });
}

/** Docker knows ids only: those of the container's own users and groups. @throws UserError(definition) for one that it does not have */
async function idsIn(
  rootfs: string,
  artifact: string,
  owners: readonly PlacedOwner[],
  ctx: Context,
): Promise<(name: string) => { uid: number; gid: number }> {
  const read = async (file: string): Promise<Map<string, number>> => {
    const { stdout } = await run(ctx, 'bsdtar', ['--extract', '--to-stdout', '--file', rootfs, `./etc/${file}`], { quiet: true });
    return new Map(stdout.split('\n').map((line) => [line.split(':')[0] ?? '', Number(line.split(':')[2])]));
  };
  const [users, groups] = [await read('passwd'), await read('group')];
  const known = owners.map(({ path, owner }) => {
    const [user = '', group = user] = owner.split(':');
    const [uid, gid] = [users.get(user), groups.get(group)];
    if (uid === undefined || gid === undefined) throw unknownOwner(artifact, owner);
    return { path: path.replace(/^\/+|\/+$/g, ''), uid, gid };
  });
  // The longest path decides, as in the unit's own payload.
  known.sort((a, b) => b.path.length - a.path.length);
  return (name) => known.find(({ path }) => name === path || name.startsWith(`${path}/`)) ?? { uid: 0, gid: 0 };
}

function unknownOwner(artifact: string, owner: string): UserError {
  return new UserError(`Artifact ${artifact}: the container has no user or group ${owner}`, {
    exitCode: ExitCode.definition,
    remedies: ['name one that a package of the container makes, or leave `owner` out'],
  });
}
