import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

import { chooseDoomed } from '../../../builder/cli/cache.ts';
import type { CacheEntry } from '../../../builder/pipeline/cache.ts';
import { Account, inProcess } from '../../helpers/cli-bundle.ts';

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

it('lists machines that were left, and clears away those that have ended', async () => {
  const account = new Account();
  const [running, ended] = ['hello-2', 'hello-1'].map((name) => {
    const path = join(account.cache, 'kept', name);
    mkdirSync(path, { recursive: true });
    return realpathSync(path);
  }) as [string, string];
  // QEMU stands in its work folder; this process, which has the other's number, does not.
  const machine = spawn('sleep', ['300'], { cwd: running, stdio: 'ignore' });
  writeFileSync(join(running, 'qemu.pid'), `${machine.pid}\n`);
  writeFileSync(join(ended, 'qemu.pid'), `${process.pid}\n`);
  const end = `${running}: its machine runs; end it and remove its files: kill ${machine.pid}; rm -r ${running}\n`;
  try {
    expect((await inProcess(account, ['cache', 'list'])).stdout).toContain(`${ended}: its machine has ended\n${end}`);
    expect((await inProcess(account, ['cache', 'clear'])).stdout).toBe(`${end}nothing else is in ${account.cache}\n`);
    expect([existsSync(running), existsSync(ended)]).toEqual([true, false]);
  } finally {
    const gone = new Promise((resolve) => machine.once('exit', resolve));
    machine.kill('SIGKILL');
    await gone;
  }
  expect((await inProcess(account, ['cache', 'clear'])).stdout).toBe(`${account.cache} is empty\n`);
  expect(existsSync(running)).toBe(false);
});
