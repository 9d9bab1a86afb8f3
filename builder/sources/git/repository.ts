/** Commits in the cache: `downloads/git/<commit>`, a bare repository of it each. The id holds all that is in it. */
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { Cleanup } from '../../kit/cleanup.ts';
import type { Context } from '../../kit/context.ts';
import { ExitCode, ToolError, UserError } from '../../kit/errors.ts';
import { temporaryFolder } from '../../kit/files.ts';
import { withoutCredentials } from '../../kit/secrets.ts';
import { gitFetchAll, gitFetchCommit, gitInit, gitIsWhole } from '../../tools/git.ts';
import { notInCache, notInstalled } from '../failures.ts';
import { markUsed } from '../kept.ts';

export interface WantedCommit {
  artifact: string;
  url: string;
  commit: string;
  offline: boolean;
}

/** The repository's path. @throws UserError(source) where the commit cannot be had. */
export async function bringCommit(wanted: WantedCommit, ctx: Context, cleanup: Cleanup): Promise<string> {
  const stored = join(ctx.cacheDir, 'downloads', 'git', wanted.commit);
  if (await gitIsWhole(ctx, stored, wanted.commit)) {
    await markUsed(stored);
    return stored;
  }
  if (wanted.offline && !wanted.url.startsWith('file:')) throw notInCache(wanted.artifact, `commit ${wanted.commit}`);
  await rm(stored, { recursive: true, force: true });
  const work = await temporaryFolder(join(ctx.cacheDir, 'tmp'), 'git-', cleanup);
  const repository = join(work, 'repository');
  ctx.events.progress(`downloading artifact ${wanted.artifact}`);
  try {
    await fetch(wanted, repository, work, ctx);
  } catch (error) {
    throw error instanceof ToolError ? notFetched(wanted, error) : error;
  }
  await mkdir(join(stored, '..'), { recursive: true });
  await rename(repository, stored);
  return stored;
}

async function fetch({ url, commit }: WantedCommit, repository: string, work: string, ctx: Context): Promise<void> {
  await gitInit(ctx, repository);
  try {
    await gitFetchCommit(ctx, repository, url, commit);
  } catch (error) {
    if (!(error instanceof ToolError) || error.failure.missing) throw error;
    // Some servers give branches and tags only: all of it, and from there the commit alone.
    const all = join(work, 'all');
    await gitInit(ctx, all);
    await gitFetchAll(ctx, all, url);
    await writeFile(join(all, 'config'), '[uploadpack]\n\tallowAnySHA1InWant = true\n', { flag: 'a' });
    await gitFetchCommit(ctx, repository, pathToFileURL(all).href, commit);
  }
}

function notFetched({ artifact, url, commit }: WantedCommit, error: ToolError): UserError {
  if (error.failure.missing) return notInstalled('git', 'git', 'git');
  return new UserError(`Artifact ${artifact}: commit ${commit} cannot be fetched`, {
    exitCode: ExitCode.source,
    why: `looked for in ${url}`,
    remedies: [
      'check address and commit: it must be on a branch or tag',
      'check the network, and log-in and proxy in the configuration of git: git ls-remote must list the repository',
      `or name a folder of your own: --artifact ${artifact}=PATH`,
    ],
    excerpt: { title: 'git fetch', lines: error.failure.tail.map(withoutCredentials) },
    cause: error,
  });
}
