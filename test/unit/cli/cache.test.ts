import { expect, it } from 'vitest';

import { chooseDoomed } from '../../../builder/cli/cache.ts';
import type { CacheEntry } from '../../../builder/pipeline/cache.ts';

const DAY = 24 * 3600 * 1000;
const NOW = 100 * DAY;

/** Least recently used first, as the cache lists them: 20, 10 and 1 days old. */
const entries: CacheEntry[] = [20, 10, 1].map((days) => ({
  stage: 'bake',
  id: String(days),
  image: 'hello',
  folder: `/cache/${days}`,
  bytes: 100,
  lastUsed: new Date(NOW - days * DAY),
}));

it.each([
  ['nothing where all is young and fits', 30, 300, []],
  ['what is older than the days', 14, 300, ['20']],
  ['the oldest until the rest fits', 30, 200, ['20']],
  ['the old, and then the oldest', 14, 100, ['20', '10']],
  ['everything where nothing may stay', 30, 0, ['20', '10', '1']],
])('chooses %s', (_, days, bytes, ids) => {
  expect(chooseDoomed(entries, { now: NOW, days, bytes }).map(({ id }) => id)).toEqual(ids);
});
