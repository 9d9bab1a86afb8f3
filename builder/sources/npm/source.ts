/** `npm`: a package of a registry as it is, or a project with node_modules, made and built natively. */
import { cp, mkdir, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import type { Cleanup } from '../../kit/cleanup.ts';
import { run } from '../../kit/command.ts';
import type { Context } from '../../kit/context.ts';
import { ExitCode, UserError } from '../../kit/errors.ts';
import { temporaryFolder } from '../../kit/files.ts';
import { hashTree, sha256File } from '../../kit/hash.ts';
import { insideImage, isWithin } from '../inside.ts';
import { CONTENT, placeAt, unpackArgs } from '../place.ts';
import type { Component, FetchedArtifact, FetchRequest, LockedFile, Source } from '../source.ts';
import { DownloadStore } from '../store.ts';
import { archiveName, bringArchives, lockOf } from './archives.ts';
import { buildProject } from './build.ts';
import { type LockedPackage, type Project, readProject, withoutRegistries } from './package-lock.ts';
import type { NpmArtifact } from './schema.ts';
import { finishPackage, makeModules, pruneModules, unpackPackage } from './tree.ts';

type Request = FetchRequest<NpmArtifact>;

/** Of a project's folder: made anew, or settings of its author's machine. */
const LEFT_OUT = ['node_modules', '.npmrc', '.git'];

export const npmSource: Source<NpmArtifact> = {
  kind: 'npm',

  inputs: async (request) =>
    request.override === undefined && request.definition.path !== undefined ? [await hashTree(await projectFolder(request), LEFT_OUT)] : [],

  async fetch(request, folder, ctx, cleanup) {
    if (request.definition.package !== undefined) return await fetchPackage(request, request.definition.package, folder, ctx, cleanup);
    return await fetchProject(request, folder, ctx, cleanup);
  },

  place: async (request, folder, root, ctx) => await placeAt(join(folder, CONTENT), request.definition, root, ctx),
};

async function projectFolder(request: Request): Promise<string> {
  return request.override ?? (await insideImage(request.imageFolder, request.definition.path ?? '', request.name));
}

/** What the archives are held to: nothing yet for a lock, and nothing of ours for what stands in. */
function pinsOf(request: Request): ReturnType<typeof lockOf> | undefined {
  return request.purpose === 'lock' || request.override !== undefined ? undefined : lockOf(request.name, request.locked);
}

async function fetchPackage(request: Request, spec: string, folder: string, ctx: Context, cleanup: Cleanup): Promise<FetchedArtifact> {
  const at = spec.lastIndexOf('@');
  const wanted = { name: spec.slice(0, at), version: spec.slice(at + 1) };
  const content = join(folder, CONTENT);
  if (request.override !== undefined) return await takeInstead(request.override, wanted, content, ctx);
  const offline = request.guest.archive.offline ?? false;
  const place = { artifact: request.name, project: folder, offline, locked: pinsOf(request) };
  const files = await bringArchives([wanted], place, ctx, cleanup);
  const sha256 = files[0]?.sha256 ?? '';
  await unpackPackage(await stored(sha256, ctx), content, ctx);
  const { licence } = await finishPackage(content);
  return { locked: { kind: 'npm', files }, components: [componentOf({ ...wanted, licence }, sha256)] };
}

/** A folder with what the package would hold, or an archive of one. */
async function takeInstead(
  path: string,
  wanted: { name: string; version: string },
  content: string,
  ctx: Context,
): Promise<FetchedArtifact> {
  const folder = (await stat(path)).isDirectory();
  if (folder) await cp(path, content, { recursive: true, verbatimSymlinks: true });
  else await unpackPackage(path, content, ctx);
  const file: LockedFile = { name: basename(path), sha256: folder ? await hashTree(path) : await sha256File(path) };
  return { locked: { kind: 'npm', files: [file] }, components: [{ type: 'file', name: wanted.name, sha256: file.sha256 }] };
}

async function fetchProject(request: Request, folder: string, ctx: Context, cleanup: Cleanup): Promise<FetchedArtifact> {
  const { definition } = request;
  const from = await projectFolder(request);
  const whole = await readProject(from);
  const builds = definition.build !== undefined;
  const project: Project = { ...whole, packages: whole.packages.filter(({ dev }) => builds || !dev) };
  const archived = project.packages.filter(({ bundled }) => !bundled);
  const offline = request.guest.archive.offline ?? false;
  const place = { artifact: request.name, project: from, offline, locked: pinsOf(request) };
  const files = await bringArchives(archived, place, ctx, cleanup);
  const hashes = new Map(files.map(({ name, sha256 }) => [name, sha256]));
  const own = { name: basename(from), sha256: await hashTree(from, LEFT_OUT) };

  const work = await temporaryFolder(join(ctx.cacheDir, 'tmp'), 'npm-tree-', cleanup);
  const tree = join(work, 'tree');
  await copyProject(from, tree);
  await makeModules(project, tree, async (entry) => await stored(hashes.get(archiveName(entry)) ?? '', ctx), ctx);
  const scripts = definition.scripts !== false && project.packages.some(({ hasInstallScript }) => hasInstallScript);
  if (scripts || builds) await buildTree(request, { tree, scripts, content: [own.sha256, ...hashes.values()] }, ctx, cleanup);
  await pruneModules(project, tree);
  await rename(await resultOf(request, tree), join(folder, CONTENT));
  const sorted = [...files, own].sort((a, b) => (a.name < b.name ? -1 : 1));
  return { locked: { kind: 'npm', files: sorted }, components: componentsOf(archived, hashes) };
}

async function copyProject(from: string, tree: string): Promise<void> {
  const left = LEFT_OUT.map((name) => join(from, name));
  await cp(from, tree, { recursive: true, verbatimSymlinks: true, filter: (path) => !left.includes(path) });
  await writeFile(join(tree, 'package-lock.json'), await withoutRegistries(from));
}

/** Puts what scripts and build make of the tree in its place. */
async function buildTree(
  request: Request,
  { tree, scripts, content }: { tree: string; scripts: boolean; content: readonly string[] },
  ctx: Context,
  cleanup: Cleanup,
): Promise<void> {
  const { build, build_packages: packages = [] } = request.definition;
  const all = { artifact: request.name, folder: tree, content, scripts, build, packages, guest: request.guest };
  const tar = await buildProject(all, ctx, cleanup);
  await rm(tree, { recursive: true });
  await mkdir(tree);
  await run(ctx, 'bsdtar', unpackArgs(tar, tree), { quiet: true });
}

async function resultOf(request: Request, tree: string): Promise<string> {
  const { result } = request.definition;
  if (result === undefined) return tree;
  // What a build left as a link may lead out of the project.
  const path = join(tree, result);
  if ((await isWithin(tree, path)) && (await stat(path)).isDirectory()) return await realpath(path);
  throw new UserError(`Artifact ${request.name}: there is no folder ${result} in the project`, {
    exitCode: ExitCode.definition,
    why: request.definition.build === undefined ? 'nothing was built' : `${request.definition.build.join(' ')} did not leave it`,
    remedies: ['correct `result` or `build` in image.yaml'],
  });
}

async function stored(sha256: string, ctx: Context): Promise<string> {
  const path = await new DownloadStore(ctx).find(sha256);
  if (path === undefined) throw new Error(`${sha256} vanished from the download cache`);
  return path;
}

function componentsOf(packages: readonly LockedPackage[], hashes: ReadonlyMap<string, string>): Component[] {
  const unique = new Map(packages.filter(({ dev }) => !dev).map((entry) => [archiveName(entry), entry]));
  return [...unique].map(([name, entry]) => componentOf(entry, hashes.get(name) ?? ''));
}

function componentOf(
  { name, version, licence }: { name: string; version: string; licence: string | undefined },
  sha256: string,
): Component {
  return { type: 'npm', name, version, sha256, ...(licence === undefined ? {} : { licences: [licence] }) };
}
