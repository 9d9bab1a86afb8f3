/**
 * Finds source distributions in package indexes (PEP 503 and 691). pip would run a source distribution's own code to
 * download it, on this machine; here nothing is run before it is in the throw-away system.
 */
import { copyFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Context } from '../../kit/context.ts';
import { curlDownload } from '../../tools/curl.ts';
import type { PipSettings } from '../../tools/pip.ts';
import { parseFileName } from './files.ts';
import type { Requirement } from './requirements.ts';

const ACCEPT = 'Accept: application/vnd.pypi.simple.v1+json, text/html;q=0.5';

export interface IndexFile {
  file: string;
  /** With the index's log-in, if it has one. */
  url: string;
  sha256: string | undefined;
}

/** The source distribution of a pinned requirement: from the first place that has it. Held to its hash by whoever fetches it. */
export async function findSdist(
  requirement: Requirement,
  settings: PipSettings,
  work: string,
  ctx: Context,
): Promise<IndexFile | undefined> {
  for (const link of settings.links) {
    const found = pick(await filesAtLink(link, work, ctx), requirement);
    if (found !== undefined) return found;
  }
  for (const index of settings.indexes) {
    const found = pick(await filesOfPage(`${index.replace(/\/+$/, '')}/${requirement.name}/`, work, ctx), requirement);
    if (found !== undefined) return found;
  }
  return undefined;
}

function pick(files: readonly IndexFile[], requirement: Requirement): IndexFile | undefined {
  const own = files.filter((entry) => {
    const parsed = parseFileName(entry.file);
    return parsed?.kind === 'sdist' && parsed.name === requirement.name && parsed.version === requirement.version;
  });
  // There may be a .tar.gz and a .zip, of which the requirement names one.
  return own.find(({ sha256 }) => sha256 !== undefined && requirement.hashes.includes(sha256)) ?? own[0];
}

async function filesAtLink(link: string, work: string, ctx: Context): Promise<IndexFile[]> {
  if (/^https?:/.test(link)) return await filesOfPage(link, work, ctx);
  const folder = link.startsWith('file:') ? fileURLToPath(link) : link;
  const names = await readdir(folder).catch(() => []);
  return names.map((file) => ({ file, url: join(folder, file), sha256: undefined }));
}

async function filesOfPage(url: string, work: string, ctx: Context): Promise<IndexFile[]> {
  const folder = await mkdtemp(join(work, 'index-'));
  try {
    const outcome = await curlDownload(ctx, url, join(folder, 'page'), [ACCEPT]);
    return outcome.done ? parsePage(await readFile(join(folder, 'page'), 'utf8'), url) : [];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Files of a project's page, JSON or HTML. Exported for its test. */
export function parsePage(text: string, page: string): IndexFile[] {
  const entries = text.trimStart().startsWith('{') ? fromJson(text) : fromHtml(text);
  return entries.map(({ href, sha256 }) => {
    const url = new URL(href, page);
    const base = new URL(page);
    if (url.host === base.host && url.username === '') Object.assign(url, { username: base.username, password: base.password });
    url.hash = '';
    return { file: decodeURIComponent(url.pathname.slice(url.pathname.lastIndexOf('/') + 1)), url: url.href, sha256 };
  });
}

interface Entry {
  href: string;
  sha256: string | undefined;
}

function fromJson(text: string): Entry[] {
  const data = JSON.parse(text) as { files?: { url?: string; hashes?: { sha256?: string } }[] };
  return (data.files ?? []).flatMap((file) => (file.url === undefined ? [] : [{ href: file.url, sha256: file.hashes?.sha256 }]));
}

function fromHtml(text: string): Entry[] {
  return [...text.matchAll(/<a\s[^>]*href\s*=\s*["']([^"']+)["']/gi)].map((match) => {
    const href = (match[1] ?? '').replaceAll('&amp;', '&');
    return { href, sha256: /#sha256=([0-9a-f]{64})/.exec(href)?.[1] };
  });
}

/** Puts an index file at `target`. @returns why it could not, or undefined. */
export async function fetchIndexFile(found: IndexFile, target: string, ctx: Context): Promise<string | undefined> {
  if (found.url.startsWith('/')) {
    await copyFile(found.url, target);
    return undefined;
  }
  const outcome = await curlDownload(ctx, found.url, target);
  return outcome.done ? undefined : outcome.why;
}
