import { existsSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';

import { sha256 } from '../../../builder/kit/hash.ts';
import { DownloadStore } from '../../../builder/sources/store.ts';
import { testContext } from '../../helpers/context.ts';

const CONTENT = 'the content';
const HASH = sha256(CONTENT);

let store: DownloadStore;
let folder: string;
beforeEach(async () => {
  const { ctx } = testContext();
  folder = join(ctx.cacheDir, 'downloads');
  store = new DownloadStore(ctx);
  await store.open();
});

async function keep(): Promise<string> {
  writeFileSync(store.partial(HASH), CONTENT);
  const taken = await store.take(store.partial(HASH), HASH);
  if (!('path' in taken)) throw new Error('not taken');
  return taken.path;
}

describe('DownloadStore', () => {
  it('keeps a file under its hash', async () => {
    const path = await keep();
    expect(path).toBe(join(folder, HASH));
    expect(await store.find(HASH)).toBe(path);
    expect(existsSync(store.partial(HASH))).toBe(false);
  });

  it('refuses a file with another hash, and keeps nothing of it', async () => {
    writeFileSync(store.partial(HASH), 'something else');
    expect(await store.take(store.partial(HASH), HASH)).toEqual({ found: sha256('something else') });
    expect(existsSync(store.partial(HASH))).toBe(false);
    expect(await store.find(HASH)).toBeUndefined();
  });

  it('finds damage of the same length, and removes the file', async () => {
    const path = await keep();
    writeFileSync(path, 'THE CONTENT');
    utimesSync(path, new Date(), new Date(Date.now() + 5000));
    expect(await store.find(HASH)).toBeUndefined();
    expect(existsSync(path)).toBe(false);
  });

  it('finds a file that was cut short', async () => {
    const path = await keep();
    const { mtime } = statSync(path);
    writeFileSync(path, 'the');
    utimesSync(path, mtime, mtime);
    expect(await store.find(HASH)).toBeUndefined();
  });

  it('takes a file whose time alone has changed', async () => {
    const path = await keep();
    utimesSync(path, new Date(0), new Date(0));
    expect(await store.find(HASH)).toBe(path);
    expect(readFileSync(`${path}.checked`, 'utf8')).toBe(`${CONTENT.length} 0`);
  });

  it('forgets unfinished downloads after a week', async () => {
    writeFileSync(store.partial('old'), '');
    writeFileSync(store.partial('new'), '');
    utimesSync(store.partial('old'), 0, (Date.now() - 8 * 24 * 3600 * 1000) / 1000);
    await store.open();
    expect(existsSync(store.partial('old'))).toBe(false);
    expect(existsSync(store.partial('new'))).toBe(true);
  });

  it('dates the last use, and leaves the time of the file as it is', async () => {
    const path = await keep();
    const { mtimeMs } = statSync(path);
    utimesSync(`${path}.checked`, 0, 0);
    await store.find(HASH);
    expect(Date.now() - statSync(`${path}.checked`).mtimeMs).toBeLessThan(60_000);
    expect(statSync(path).mtimeMs).toBe(mtimeMs);
  });
});
