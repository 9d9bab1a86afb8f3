/**
 * Downloads, kept by content: `downloads/<sha256>`. A file is hashed when it comes in; later its size and time tell
 * whether it is still the file that was hashed, and if not it is hashed again. The time of `.checked` is that of its last
 * use (kept.ts).
 */
import { link, mkdir, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Context } from '../kit/context.ts';
import { readIfExists } from '../kit/files.ts';
import { sha256File } from '../kit/hash.ts';

const WEEK_MS = 7 * 24 * 3600 * 1000;

export class DownloadStore {
  readonly #folder: string;
  readonly #partial: string;

  constructor(ctx: Context) {
    this.#folder = join(ctx.cacheDir, 'downloads');
    this.#partial = join(this.#folder, 'partial');
  }

  /** Makes the folders; removes unfinished downloads that nobody came back for. */
  async open(): Promise<void> {
    await mkdir(this.#partial, { recursive: true });
    for (const name of await readdir(this.#partial)) {
      const path = join(this.#partial, name);
      if (Date.now() - (await stat(path)).mtimeMs > WEEK_MS) await rm(path, { force: true });
    }
  }

  /** Where the unfinished download of a file is kept, so that the next run continues it. */
  partial(sha256: string): string {
    return join(this.#partial, sha256);
  }

  /** The file's path where it is there and whole. A damaged one is removed. */
  async find(sha256: string): Promise<string | undefined> {
    const path = join(this.#folder, sha256);
    const mark = await markOf(path);
    if (mark === undefined) return undefined;
    if ((await readIfExists(`${path}.checked`)) === mark) {
      const now = new Date();
      await utimes(`${path}.checked`, now, now);
      return path;
    }
    if ((await sha256File(path)) === sha256) {
      await writeFile(`${path}.checked`, mark);
      return path;
    }
    await rm(path, { force: true });
    await rm(`${path}.checked`, { force: true });
    return undefined;
  }

  /**
   * Takes a finished download in, by rename. Gives its path, or the hash found where it is another one; then the file
   * is removed.
   */
  async take(file: string, sha256: string): Promise<{ path: string } | { found: string }> {
    const found = await sha256File(file);
    if (found !== sha256) {
      await rm(file, { force: true });
      return { found };
    }
    const path = join(this.#folder, sha256);
    await rename(file, path);
    await writeFile(`${path}.checked`, (await markOf(path)) ?? '');
    return { path };
  }
}

/** A second name for a stored file: no copy, no time. Both must be in the cache, which is one file system. */
export async function linkInto(stored: string, target: string): Promise<void> {
  await link(stored, target);
}

async function markOf(path: string): Promise<string | undefined> {
  const info = await stat(path).catch(() => undefined);
  return info === undefined ? undefined : `${info.size} ${info.mtimeMs}`;
}
