/** Archives of npm packages in the download cache: by package-lock.json's integrity for a lock, exactly as locked for a bake. */
import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Cleanup } from '../../kit/cleanup.ts';
import type { Context } from '../../kit/context.ts';
import { ExitCode, ToolError, UserError } from '../../kit/errors.ts';
import { temporaryFolder } from '../../kit/files.ts';
import { sha256 } from '../../kit/hash.ts';
import { withoutCredentials } from '../../kit/secrets.ts';
import { together } from '../../kit/together.ts';
import { npmPack, packedName } from '../../tools/npm.ts';
import { notInCache, notInstalled, notLocked, wrongFile } from '../failures.ts';
import type { LockedArtifact, LockedFile } from '../source.ts';
import { DownloadStore } from '../store.ts';

/** npm packs one after the other: so many at once fill the line. */
const AT_ONCE = 4;
const NOT_PINNED = 'package-lock.json was written elsewhere, and only lock.json holds the files to what was seen';

export interface WantedPackage {
  name: string;
  version: string;
  /** Of Subresource Integrity; absent where nobody has said it yet. */
  integrity?: string;
}

export interface ArchiveRequest {
  artifact: string;
  /** Where a .npmrc of the project may be. */
  project: string;
  offline: boolean;
  /** Undefined where the archives are chosen by `integrity` alone: for a lock, or for a project that stands in. */
  locked: LockedArtifact | undefined;
}

/** Name of an archive in lock.json. */
export function archiveName({ name, version }: WantedPackage): string {
  return `${name}-${version}.tgz`;
}

/** What a bake is held to. @throws UserError(definition) where there is no lock. */
export function lockOf(artifact: string, locked: LockedArtifact | undefined): LockedArtifact {
  if (locked === undefined) throw notLocked(artifact, NOT_PINNED);
  return locked;
}

/** The archives of `packages`, each once, in the order of names; all in the download cache. */
export async function bringArchives(
  packages: readonly WantedPackage[],
  request: ArchiveRequest,
  ctx: Context,
  cleanup: Cleanup,
): Promise<LockedFile[]> {
  const store = new DownloadStore(ctx);
  await store.open();
  const unique = [...new Map(packages.map((entry) => [archiveName(entry), entry]))].sort(([a], [b]) => (a < b ? -1 : 1));
  const pinned =
    request.locked === undefined
      ? undefined
      : pins(
          unique.map(([name]) => name),
          request.artifact,
          request.locked,
        );
  const missing: WantedPackage[] = [];
  const files: LockedFile[] = [];
  for (const [name, entry] of unique) {
    const hash = pinned?.get(name);
    if (hash !== undefined && (await store.find(hash)) !== undefined) files.push({ name, version: entry.version, sha256: hash });
    else missing.push(entry);
  }
  if (missing[0] !== undefined && pinned !== undefined && request.offline) throw notInCache(request.artifact, archiveName(missing[0]));
  files.push(...(await download(missing, pinned, store, { request, ctx, cleanup })));
  return files.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function pins(names: readonly string[], artifact: string, locked: LockedArtifact): Map<string, string> {
  const hashes = new Map(locked.files.map((file) => [file.name, file.sha256]));
  const unknown = names.filter((name) => !hashes.has(name));
  if (unknown.length === 0) return hashes;
  throw new UserError(`Artifact ${artifact}: the packages are not those that were locked`, {
    exitCode: ExitCode.definition,
    problems: unknown.map((name) => ({ message: `${name} is not in lock.json` })),
    remedies: ['unitsmith lock'],
  });
}

async function download(
  missing: readonly WantedPackage[],
  pinned: ReadonlyMap<string, string> | undefined,
  store: DownloadStore,
  { request, ctx, cleanup }: { request: ArchiveRequest; ctx: Context; cleanup: Cleanup },
): Promise<LockedFile[]> {
  if (missing.length === 0) return [];
  const work = await temporaryFolder(join(ctx.cacheDir, 'tmp'), 'npm-', cleanup);
  ctx.events.progress(`downloading ${missing.length} npm packages of artifact ${request.artifact}`);
  const parts = Array.from({ length: Math.min(AT_ONCE, missing.length) }, (_, part) =>
    missing.filter((_entry, index) => index % AT_ONCE === part),
  );
  const packs = parts.map(async (part, index) => {
    const folder = join(work, String(index));
    await mkdir(folder);
    await npmPack(ctx, {
      specs: part.map(({ name, version }) => `${name}@${version}`),
      folder,
      project: request.project,
      offline: request.offline,
    });
  });
  try {
    await together(...packs);
  } catch (error) {
    throw error instanceof ToolError ? notFetched(request.artifact, error) : error;
  }
  const files: LockedFile[] = [];
  for (const [index, part] of parts.entries()) {
    for (const entry of part) {
      const path = join(work, String(index), packedName(entry.name, entry.version));
      files.push(await take(path, entry, pinned?.get(archiveName(entry)), store, request.artifact));
    }
  }
  return files;
}

async function take(
  path: string,
  entry: WantedPackage,
  hash: string | undefined,
  store: DownloadStore,
  artifact: string,
): Promise<LockedFile> {
  const data = await readFile(path);
  const name = archiveName(entry);
  if (entry.integrity !== undefined && !isIntact(data, entry.integrity)) throw notIntact(artifact, name, entry.integrity);
  const wanted = hash ?? sha256(data);
  const taken = await store.take(path, wanted);
  if ('found' in taken) throw wrongFile(artifact, { name, sha256: wanted }, taken.found);
  return { name, version: entry.version, sha256: wanted };
}

/** Subresource Integrity, as npm writes it: one of several hashes of the strongest kind must fit. Exported for its test. */
export function isIntact(data: Uint8Array, integrity: string): boolean {
  const hashes = integrity.split(/\s+/).map((text) => /^(sha1|sha256|sha384|sha512)-([^?]+)/.exec(text));
  const strongest = ['sha512', 'sha384', 'sha256', 'sha1'].find((kind) => hashes.some((hash) => hash?.[1] === kind));
  if (strongest === undefined) return false;
  const found = createHash(strongest).update(data).digest('base64');
  return hashes.some((hash) => hash?.[1] === strongest && hash[2] === found);
}

function notIntact(artifact: string, name: string, integrity: string): UserError {
  return new UserError(`Artifact ${artifact}: ${name} is not the file that package-lock.json names`, {
    exitCode: ExitCode.source,
    why: `its integrity should be ${integrity}; nothing of it was kept`,
    remedies: ['find out why it changed, and only then write package-lock.json anew'],
  });
}

function notFetched(artifact: string, error: ToolError): UserError {
  if (error.failure.missing) return notInstalled('npm', 'npm', 'npm');
  return new UserError(`Artifact ${artifact}: npm cannot fetch its packages`, {
    exitCode: ExitCode.source,
    remedies: ['check names and versions', "check the network, and the registry and proxy in npm's configuration (npm config list)"],
    excerpt: { title: 'npm pack', lines: error.failure.tail.map(withoutCredentials) },
    cause: error,
  });
}
