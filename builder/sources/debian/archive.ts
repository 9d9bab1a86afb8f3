/**
 * A distribution's package archive as the builder sees it: the public one as mmdebstrap(1) writes it by default, or a
 * mirror of it; its index is kept in the cache and refreshed at most once a day.
 */
import { existsSync } from 'node:fs';
import { readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Context } from '../../kit/context.ts';
import { ExitCode, ToolError, UserError } from '../../kit/errors.ts';
import { hashData, sha256 } from '../../kit/hash.ts';
import { withoutCredentials } from '../../kit/secrets.ts';
import { type Apt, aptUpdate, openApt } from '../../tools/apt.ts';
import { markUsed } from '../kept.ts';
import { archiveLines, splitLogins } from './lines.ts';

const DAY_MS = 24 * 3600 * 1000;

export interface Base {
  distribution: string;
  suite: string;
  architecture: string;
}

export interface ArchiveOptions {
  /** Address of a mirror, or whole lines of sources.list(5); UNITSMITH_APT_MIRROR counts where this is absent. */
  mirror?: string;
  /** Fetch the index now, whatever its age. */
  update?: boolean;
  /** Only what is in the cache. */
  offline?: boolean;
}

export interface Archive {
  apt: Apt;
  /** Sources without log-ins: for messages and the provenance. */
  lines: readonly string[];
  /** Hash of the index as it is in the cache. */
  index: string;
  /** When the index was fetched last. */
  updated: Date;
}

/**
 * Opens the archive, with an index that is at most a day old unless `offline`.
 * @throws UserError(host) without the distribution's keyring, UserError(source) where the index cannot be had.
 */
export async function openArchive(base: Base, options: ArchiveOptions, ctx: Context): Promise<Archive> {
  const mirror = options.mirror ?? ctx.env.UNITSMITH_APT_MIRROR;
  const { lines, logins } = splitLogins(archiveLines(base, mirror));
  const keyring = `/usr/share/keyrings/${base.distribution}-archive-keyring.gpg`;
  if (!existsSync(keyring)) throw missingKeyring(base.distribution, keyring);
  const key = `${base.suite}-${base.architecture}-${hashData([...lines]).slice(0, 12)}`;
  const apt = await openApt({
    folder: join(ctx.cacheDir, 'apt', key),
    architecture: base.architecture,
    lines,
    keyring,
    logins,
    hostLogins: await readFile('/etc/apt/auth.conf', 'utf8').catch(() => ''),
  });
  const updated = await refresh(apt, base, lines, options, ctx);
  await markUsed(apt.folder);
  return { apt, lines, index: await indexHash(apt), updated };
}

async function refresh(apt: Apt, base: Base, lines: readonly string[], options: ArchiveOptions, ctx: Context): Promise<Date> {
  const stamp = join(apt.folder, 'updated');
  const last = (await stat(stamp).catch(() => undefined))?.mtime;
  if (options.offline === true) {
    if (last === undefined) throw neverFetched(base);
    return last;
  }
  // An age below zero means that the clock was set back: then nothing is known.
  const age = last === undefined ? Number.NaN : Date.now() - last.getTime();
  if (last !== undefined && options.update !== true && age >= 0 && age < DAY_MS) return last;
  ctx.events.progress(`fetching the package index of ${base.distribution} ${base.suite}`);
  try {
    await aptUpdate(ctx, apt);
  } catch (error) {
    throw error instanceof ToolError && !error.failure.missing ? unreachable(base, lines, error, last !== undefined) : error;
  }
  const now = new Date();
  await writeFile(stamp, '');
  await utimes(stamp, now, now);
  return now;
}

/**
 * What the index says, cheaply: the Release files name the hash of everything else. A flat repository may have none;
 * then its Packages file counts itself.
 */
async function indexHash(apt: Apt): Promise<string> {
  const lists = join(apt.folder, 'lists');
  const names = (await readdir(lists)).sort();
  const releases = names.filter((name) => /(?:In)?Release$/.test(name));
  const covered = releases.map((name) => name.replace(/(?:In)?Release$/, ''));
  const bare = names.filter((name) => name.endsWith('_Packages') && !covered.some((prefix) => name.startsWith(prefix)));
  const parts: [string, string][] = [];
  for (const name of [...releases, ...bare]) parts.push([name, sha256(await readFile(join(lists, name)))]);
  return hashData(parts);
}

function missingKeyring(distribution: string, keyring: string): UserError {
  return new UserError(`The keyring of ${distribution} is not installed: ${keyring}`, {
    exitCode: ExitCode.host,
    why: 'without it the signatures of the package archive cannot be checked',
    remedies: [`sudo apt install ${distribution === 'ubuntu' ? 'ubuntu-keyring' : 'debian-archive-keyring'}`],
  });
}

function neverFetched(base: Base): UserError {
  return new UserError(`The package index of ${base.distribution} ${base.suite} is not in the cache`, {
    exitCode: ExitCode.source,
    why: '--offline takes only what an earlier run has fetched',
    remedies: ['run once without --offline', 'or name the cache folder of that run: --cache-dir FOLDER'],
  });
}

function unreachable(base: Base, lines: readonly string[], error: ToolError, haveOlder: boolean): UserError {
  return new UserError(`The package index of ${base.distribution} ${base.suite} cannot be fetched`, {
    exitCode: ExitCode.source,
    why: `the source is ${lines.map((line) => line.split(' ').slice(1, -1).join(' ')).join(', ')}`,
    remedies: [
      'check the network and the proxy (apt.conf(5), http_proxy)',
      'take a mirror: --mirror URL, or UNITSMITH_APT_MIRROR in the environment',
      ...(haveOlder ? ['go on with the index of the last run: --offline'] : []),
    ],
    excerpt: { title: 'apt-get update', lines: error.failure.tail.map(withoutCredentials) },
    cause: error,
  });
}
