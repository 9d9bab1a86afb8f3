/** A file by its address and hash: from the download cache, or fetched with bounded retries, continued where it broke. */
import { rm, stat } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';

import type { Context } from '../kit/context.ts';
import { ExitCode, UserError } from '../kit/errors.ts';
import { withoutCredentials } from '../kit/secrets.ts';
import { curlDownload } from '../tools/curl.ts';
import { DownloadStore } from './store.ts';

const ATTEMPTS = 4;
/** Doubled from one attempt to the next. */
const FIRST_PAUSE_MS = 500;

export interface Download {
  /** What messages call it: `artifact sphere`. */
  what: string;
  url: string;
  sha256: string;
  offline: boolean;
}

/**
 * Path of the verified file in the download cache.
 * @throws UserError(source) with wanted and found hash, or why it cannot be had; nothing wrong is kept.
 */
export async function download(request: Download, ctx: Context): Promise<string> {
  const store = new DownloadStore(ctx);
  await store.open();
  const stored = await store.find(request.sha256);
  if (stored !== undefined) return stored;
  if (request.offline && !request.url.startsWith('file:')) throw notInCache(request);
  ctx.events.progress(`downloading ${request.what}`);
  const partial = store.partial(request.sha256);
  const continued = await exists(partial);
  await fetchWithRetries(request, partial, ctx);
  const first = await store.take(partial, request.sha256);
  if ('path' in first) return first.path;
  if (!continued) throw wrongHash(request, first.found);
  // The beginning came from an earlier run, perhaps of another file: once more from the start.
  await fetchWithRetries(request, partial, ctx);
  const second = await store.take(partial, request.sha256);
  if ('path' in second) return second.path;
  throw wrongHash(request, second.found);
}

async function fetchWithRetries(request: Download, partial: string, ctx: Context): Promise<void> {
  let why = '';
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const outcome = await curlDownload(ctx, request.url, partial);
    if (outcome.done) return;
    why = outcome.why;
    if (outcome.restart) await rm(partial, { force: true });
    else if (!outcome.transient) break;
    if (attempt === ATTEMPTS) break;
    ctx.events.debug(`${request.what}: ${why}; attempt ${attempt} of ${ATTEMPTS}`);
    await wait(FIRST_PAUSE_MS * 2 ** (attempt - 1), undefined, { signal: ctx.signal }).catch(() => ctx.signal.throwIfAborted());
  }
  throw unreachable(request, why);
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

function wrongHash(request: Download, found: string): UserError {
  return new UserError(`The ${request.what} is not the file that image.yaml names`, {
    exitCode: ExitCode.source,
    why: `wanted sha256 ${request.sha256}, found ${found} at ${withoutCredentials(request.url)}; nothing of it was kept`,
    remedies: [
      'find out why it changed, and only then put the new hash into image.yaml',
      'or name a file of your own: --artifact NAME=PATH',
    ],
  });
}

function unreachable(request: Download, why: string): UserError {
  return new UserError(`The ${request.what} cannot be downloaded`, {
    exitCode: ExitCode.source,
    why: `${withoutCredentials(request.url)}: ${why}`,
    remedies: ['check the address, the network and the proxy', 'or name a file of your own: --artifact NAME=PATH'],
  });
}

function notInCache(request: Download): UserError {
  return new UserError(`The ${request.what} is not in the download cache`, {
    exitCode: ExitCode.source,
    why: '--offline takes only what an earlier run has fetched',
    remedies: ['run once without --offline', 'or name a file of your own: --artifact NAME=PATH'],
  });
}
