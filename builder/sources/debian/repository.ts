/** A flat package repository on disk: what mmdebstrap installs from, with no network. */
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import type { Context } from '../../kit/context.ts';
import { ExitCode, ToolError, UserError } from '../../kit/errors.ts';
import { writeFileAtomic } from '../../kit/files.ts';
import { withoutCredentials } from '../../kit/secrets.ts';
import { type AptDownload, aptDownload } from '../../tools/apt.ts';
import { DownloadStore, linkInto } from '../store.ts';
import type { Archive } from './archive.ts';
import type { Solution } from './solve.ts';
import { type ResolvedPackage, withFilename } from './stanza.ts';

/** apt keeps one connection a host; four of it fill the line. */
const AT_ONCE = 4;

/**
 * Writes `folder`/Packages and `folder`/pool/*.deb for everything in `solution`, and downloads what the cache lacks.
 * @throws UserError(source) where a file cannot be had.
 */
export async function makeRepository(
  solution: Solution,
  folder: string,
  source: { archive: Archive; offline: boolean; debs: readonly { sha256: string; path: string }[] },
  ctx: Context,
): Promise<void> {
  const store = new DownloadStore(ctx);
  await store.open();
  const local = new Map(source.debs.map((deb) => [deb.sha256, deb.path]));
  const missing: ResolvedPackage[] = [];
  for (const entry of solution.packages) {
    if (!local.has(entry.sha256) && (await store.find(entry.sha256)) === undefined) missing.push(entry);
  }
  if (source.offline && missing.length > 0) throw notInCache(missing);
  await download(missing, store, source.archive, ctx);
  await mkdir(join(folder, 'pool'), { recursive: true });
  for (const entry of solution.packages) {
    const file = local.get(entry.sha256) ?? (await store.find(entry.sha256));
    if (file === undefined) throw new Error(`${entry.filename} vanished from the download cache`);
    await linkInto(file, join(folder, 'pool', entry.filename));
  }
  await writeFileAtomic(join(folder, 'Packages'), packagesFile(solution));
}

/** The repository's index. Pure. */
function packagesFile(solution: Solution): string {
  return solution.packages.map((entry) => `${withFilename(solution.stanzas[entry.name] ?? '', `pool/${entry.filename}`)}\n`).join('\n');
}

async function download(missing: readonly ResolvedPackage[], store: DownloadStore, archive: Archive, ctx: Context): Promise<void> {
  if (missing.length === 0) return;
  const files = missing.map((entry): AptDownload => ({ url: entry.url, file: store.partial(entry.sha256), sha256: entry.sha256 }));
  const total = missing.reduce((sum, entry) => sum + entry.size, 0);
  const sizes = new Map(missing.map((entry) => [basename(entry.url), entry.size]));
  const report = progressOf(total, missing.length, sizes, ctx);
  const results = await Promise.allSettled(spread(files, missing).map((part) => aptDownload(ctx, archive.apt, part, report)));
  // What came whole is kept, whatever failed beside it: the next run has less to fetch.
  let broken: ResolvedPackage | undefined;
  for (const entry of missing) {
    const file = store.partial(entry.sha256);
    const whole = (await stat(file).catch(() => undefined))?.size === entry.size;
    if (!whole || 'found' in (await store.take(file, entry.sha256))) broken ??= entry;
  }
  ctx.signal.throwIfAborted();
  const failure = results.find((result) => result.status === 'rejected')?.reason as unknown;
  if (broken !== undefined) throw failure instanceof ToolError && !failure.failure.missing ? notFetched(broken, failure) : failure;
}

/** Shares files among downloads so that each has about the same number of bytes: the largest first, to the least loaded. */
function spread(files: readonly AptDownload[], entries: readonly ResolvedPackage[]): AptDownload[][] {
  const parts = Array.from({ length: Math.min(AT_ONCE, files.length) }, () => ({ bytes: 0, files: [] as AptDownload[] }));
  const order = files.map((file, index) => ({ file, size: entries[index]?.size ?? 0 })).sort((a, b) => b.size - a.size);
  for (const { file, size } of order) {
    const least = parts.reduce((best, part) => (part.bytes < best.bytes ? part : best));
    least.files.push(file);
    least.bytes += size;
  }
  return parts.map((part) => part.files);
}

/** apt says `Get:N URL [size]` as it begins a file; the bytes begun are the fraction. */
function progressOf(total: number, count: number, sizes: ReadonlyMap<string, number>, ctx: Context): (line: string) => void {
  let bytes = 0;
  return (line) => {
    const url = /^Get:\d+ (\S+)/.exec(line)?.[1];
    if (url === undefined) return;
    bytes += sizes.get(basename(url)) ?? 0;
    ctx.events.progress(`fetching ${count} packages, ${Math.round(total / 1e6)} MB`, Math.min(1, bytes / total));
  };
}

function basename(url: string): string {
  return decodeURIComponent(url.slice(url.lastIndexOf('/') + 1));
}

function notInCache(missing: readonly ResolvedPackage[]): UserError {
  return new UserError(`${missing.length} packages are not in the download cache, ${missing[0]?.filename} first`, {
    exitCode: ExitCode.source,
    why: '--offline takes only what an earlier run has fetched',
    remedies: ['run once without --offline'],
  });
}

function notFetched(entry: ResolvedPackage, error: ToolError): UserError {
  return new UserError(`The package ${entry.filename} cannot be fetched`, {
    exitCode: ExitCode.source,
    why: `it should be at ${withoutCredentials(entry.url)}`,
    remedies: [
      'the archive may have a newer version since: --update',
      'take a mirror: --mirror URL, or UNITSMITH_APT_MIRROR in the environment',
      'what has come is kept: the next run continues there',
    ],
    excerpt: { title: 'apt-helper download-file', lines: error.failure.tail.map(withoutCredentials) },
    cause: error,
  });
}
