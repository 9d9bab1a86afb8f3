/** `git`: the files of one commit, held to its id. */
import { appendFile, cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import type { Cleanup } from '../../kit/cleanup.ts';
import type { Context } from '../../kit/context.ts';
import { temporaryFolder } from '../../kit/files.ts';
import { hashTree } from '../../kit/hash.ts';
import { gitCheckout, gitSubmodules } from '../../tools/git.ts';
import { CONTENT, keep, normaliseModes, onlyEntry, placeAt } from '../place.ts';
import type { FetchedArtifact, FetchRequest, Source } from '../source.ts';
import { bringCommit } from './repository.ts';
import type { GitArtifact } from './schema.ts';

type Request = FetchRequest<GitArtifact>;

export const gitSource: Source<GitArtifact> = {
  kind: 'git',

  inputs: async () => [],

  async fetch(request, folder, ctx, cleanup) {
    if (request.override !== undefined) return await takeInstead(request, request.override, folder);
    const { url, commit } = request.definition;
    const offline = request.guest.archive.offline ?? false;
    const repository = await bringCommit({ artifact: request.name, url, commit, offline }, ctx, cleanup);
    const name = basename(new URL(url).pathname).replace(/\.git$/, '');
    const target = join(folder, CONTENT, name);
    const sha256 = await checkOut(request, repository, target, ctx, cleanup);
    return {
      locked: { kind: 'git', files: [{ name, version: commit, sha256 }] },
      components: [{ type: 'file', name, version: commit, sha256, ...(url.startsWith('file:') ? {} : { url }) }],
    };
  },

  async place(request, folder, root, ctx) {
    return await placeAt(await onlyEntry(join(folder, CONTENT)), request.definition, root, ctx);
  },
};

/** Gives the hash of the files. */
async function checkOut(request: Request, repository: string, target: string, ctx: Context, cleanup: Cleanup): Promise<string> {
  const { commit, history, url } = request.definition;
  const index = join(await temporaryFolder(join(ctx.cacheDir, 'tmp'), 'git-index-', cleanup), 'index');
  await mkdir(target, { recursive: true });
  await gitCheckout(ctx, repository, commit, { folder: target, index });
  await normaliseModes(target);
  const submodules = await gitSubmodules(ctx, repository, commit);
  if (submodules.length > 0) ctx.events.info(`artifact ${request.name}: submodules stay empty: ${submodules.join(', ')}`);
  const sha256 = await hashTree(target);
  if (history === true) await keepHistory(repository, join(target, '.git'), { commit, url, index });
  return sha256;
}

/** What `git clone --depth 1` would leave, with the commit checked out. */
async function keepHistory(repository: string, folder: string, of: { commit: string; url: string; index: string }): Promise<void> {
  await cp(repository, folder, { recursive: true });
  await cp(of.index, join(folder, 'index'));
  await writeFile(join(folder, 'HEAD'), `${of.commit}\n`);
  const origin = `[remote "origin"]\n\turl = ${of.url}\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n`;
  await appendFile(join(folder, 'config'), `[core]\n\tbare = false\n${origin}`);
}

/** A folder or file; of somebody's clone only the files. */
async function takeInstead(request: Request, path: string, folder: string): Promise<FetchedArtifact> {
  const fetched = await keep(path, 'git', folder);
  if (request.definition.history !== true) await rm(join(folder, CONTENT, basename(path), '.git'), { recursive: true, force: true });
  return fetched;
}
