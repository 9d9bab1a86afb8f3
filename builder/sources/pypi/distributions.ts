/** The distribution files of a `pypi` artifact in the download cache: chosen anew for a lock, exactly as locked for a bake. */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Context } from '../../kit/context.ts';
import { ExitCode, ToolError, UserError } from '../../kit/errors.ts';
import { sha256File } from '../../kit/hash.ts';
import { withoutCredentials } from '../../kit/secrets.ts';
import { type PipTarget, pipDownload, pipSettings, pipVersion } from '../../tools/pip.ts';
import { notInCache, notInstalled, wrongFile } from '../failures.ts';
import type { LockedFile } from '../source.ts';
import { DownloadStore } from '../store.ts';
import { parseFileName } from './files.ts';
import { normaliseName, type Requirement } from './requirements.ts';
import { fetchIndexFile, findSdist, type IndexFile } from './simple.ts';

interface Place {
  artifact: string;
  target: PipTarget;
  /** An empty folder that goes away. */
  work: string;
  /** No network: only what is in the download cache. */
  offline: boolean;
}

/**
 * Chooses and downloads files: wheels with all that they depend on, or, where a requirement has no wheel, exactly what
 * the requirements name, source distributions among it.
 * @throws UserError(source) where one cannot be had, or is not what the requirements and its index say.
 */
export async function chooseDistributions(requirements: readonly Requirement[], place: Place, ctx: Context): Promise<LockedFile[]> {
  // What was chosen before is no answer: the indexes say today what a version is.
  if (place.offline) throw notInCache(place.artifact, requirements[0]?.text ?? '');
  const folder = join(place.work, 'chosen');
  await mkdir(folder, { recursive: true });
  try {
    await downloadWheels(requirements, folder, true, place, ctx);
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    await mustHavePip(ctx);
    ctx.events.info(`artifact ${place.artifact}: not all requirements come as wheels; looking for each by itself`);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder);
    for (const requirement of requirements) await downloadOne(requirement, folder, place, ctx);
  }
  return await takeAll(requirements, folder, place, ctx);
}

async function downloadOne(requirement: Requirement, folder: string, place: Place, ctx: Context): Promise<void> {
  try {
    await downloadWheels([requirement], folder, false, place, ctx);
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    const found = await findSdist(requirement, await pipSettings(ctx), place.work, ctx);
    if (found === undefined) throw notFound(requirement, place, error);
    await fetchSdist(found, join(folder, found.file), place, ctx);
  }
}

/** pip holds wheels to the hashes of their index by itself. */
async function fetchSdist(found: IndexFile, target: string, place: Place, ctx: Context): Promise<void> {
  const why = await fetchIndexFile(found, target, ctx);
  if (why !== undefined) throw notFetched(found.file, withoutCredentials(found.url), why);
  if (found.sha256 === undefined) return;
  const sha256 = await sha256File(target);
  if (sha256 !== found.sha256) throw notAsNamed(place, found.file, { by: 'its index', wanted: [found.sha256], found: sha256 });
}

/** Brings every locked file into the download cache. @throws UserError(source) where one cannot be had as locked. */
export async function bringLocked(files: readonly LockedFile[], place: Place, ctx: Context): Promise<void> {
  const store = new DownloadStore(ctx);
  await store.open();
  const missing: LockedFile[] = [];
  for (const file of files) if ((await store.find(file.sha256)) === undefined) missing.push(file);
  if (missing.length === 0) return;
  if (place.offline) throw notInCache(place.artifact, missing[0]?.name ?? '');
  const folder = join(place.work, 'locked');
  await mkdir(folder, { recursive: true });
  const wheels = missing.filter((file) => file.name.endsWith('.whl'));
  if (wheels.length > 0) await downloadLockedWheels(wheels, folder, place, ctx);
  for (const file of missing) if (!file.name.endsWith('.whl')) await downloadLockedSdist(file, folder, place, ctx);
  for (const file of missing) {
    const taken = await store.take(join(folder, file.name), file.sha256).catch(() => ({ found: 'nothing' }));
    if ('found' in taken) throw wrongFile(place.artifact, file, taken.found);
  }
}

async function downloadLockedWheels(wheels: readonly LockedFile[], folder: string, place: Place, ctx: Context): Promise<void> {
  const requirements = wheels.map((file) => requirementOf(file));
  try {
    await downloadWheels(requirements, folder, false, place, ctx);
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    await mustHavePip(ctx);
    throw new UserError(`Artifact ${place.artifact}: the locked wheels cannot be fetched`, {
      exitCode: ExitCode.source,
      remedies: ['check the network, the proxy and pip.conf', 'if a file was withdrawn or replaced upstream: unitsmith lock'],
      excerpt: { title: 'pip download', lines: error.failure.tail },
      cause: error,
    });
  }
}

async function downloadLockedSdist(file: LockedFile, folder: string, place: Place, ctx: Context): Promise<void> {
  const found = await findSdist(requirementOf(file), await pipSettings(ctx), place.work, ctx);
  if (found === undefined) throw notFound(requirementOf(file), place, undefined);
  await fetchSdist(found, join(folder, file.name), place, ctx);
}

function requirementOf(file: LockedFile): Requirement {
  const parsed = parseFileName(file.name);
  const name = parsed?.name ?? normaliseName(file.name);
  const version = file.version ?? parsed?.version ?? '';
  return { name, version, text: `${name}==${version}`, hashes: [file.sha256] };
}

async function downloadWheels(
  requirements: readonly Requirement[],
  folder: string,
  dependencies: boolean,
  place: Place,
  ctx: Context,
): Promise<void> {
  const file = join(place.work, 'requirements.txt');
  // With hashes pip wants one for every dependency, named or not; what has one is held to it afterwards (`takeAll`).
  const hashed = !dependencies || requirements.every((requirement) => requirement.hashes.length > 0);
  await writeFile(file, `${requirements.map((entry) => line(entry, hashed)).join('\n')}\n`);
  ctx.events.progress(`downloading Python packages of artifact ${place.artifact}`);
  await pipDownload(ctx, { ...place.target, requirements: file, folder, dependencies });
}

function line({ text, hashes }: Requirement, hashed: boolean): string {
  return hashed ? [text, ...hashes.map((hash) => `--hash=sha256:${hash}`)].join(' ') : text;
}

/** Takes what was chosen into the download cache; nothing of it where a file is another than the requirements name. */
async function takeAll(requirements: readonly Requirement[], folder: string, place: Place, ctx: Context): Promise<LockedFile[]> {
  const store = new DownloadStore(ctx);
  await store.open();
  const files: LockedFile[] = [];
  for (const name of (await readdir(folder)).sort()) {
    const sha256 = await sha256File(join(folder, name));
    const version = parseFileName(name)?.version;
    const wanted = hashesOf(requirements, name);
    if (wanted.length > 0 && !wanted.includes(sha256)) throw notAsNamed(place, name, { by: 'the requirements', wanted, found: sha256 });
    files.push({ name, ...(version === undefined ? {} : { version }), sha256 });
  }
  for (const { name, sha256 } of files) await store.take(join(folder, name), sha256);
  return files;
}

/** What the requirements hold a file to. By the version too, where several of one project have markers. */
function hashesOf(requirements: readonly Requirement[], file: string): string[] {
  const parsed = parseFileName(file);
  const named = requirements.filter(({ name }) => name === parsed?.name);
  const same = named.filter(({ version }) => version === parsed?.version);
  return (same.length > 0 ? same : named).flatMap(({ hashes }) => hashes);
}

async function mustHavePip(ctx: Context): Promise<void> {
  try {
    await pipVersion(ctx);
  } catch {
    ctx.signal.throwIfAborted();
    throw notInstalled('pypi', 'pip', 'python3-pip');
  }
}

function notFound(requirement: Requirement, place: Place, error: ToolError | undefined): UserError {
  return new UserError(`Artifact ${place.artifact}: ${requirement.text} cannot be found`, {
    exitCode: ExitCode.source,
    why: `no index has a wheel for Python ${place.target.python} on ${place.target.architecture}, or a source distribution`,
    remedies: ['check name and version', 'check the network, the proxy and pip.conf (pip config list)'],
    ...(error === undefined ? {} : { excerpt: { title: 'pip download', lines: error.failure.tail }, cause: error }),
  });
}

interface Hashes {
  by: 'its index' | 'the requirements';
  wanted: readonly string[];
  found: string;
}

function notAsNamed(place: Place, file: string, { by, wanted, found }: Hashes): UserError {
  return new UserError(`Artifact ${place.artifact}: ${file} has another hash than ${by} ${by === 'its index' ? 'says' : 'say'}`, {
    exitCode: ExitCode.source,
    why: `wanted sha256 ${wanted.join(' or ')}, found ${found}; nothing of it was kept`,
    remedies: [
      'find out why it is another file',
      ...(by === 'its index' ? [] : ['where it is right: add its hash to the requirement, as --hash=sha256:...']),
    ],
  });
}

function notFetched(file: string, url: string, why: string): UserError {
  return new UserError(`${file} cannot be downloaded`, {
    exitCode: ExitCode.source,
    why: `${url}: ${why}`,
    remedies: ['check the network and the proxy'],
  });
}
