import { spawn } from 'node:child_process';
import { existsSync, linkSync, mkdirSync, realpathSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';

import { chooseDoomed } from '../../../builder/cli/cache.ts';
import { Cleanup, withCleanup } from '../../../builder/kit/cleanup.ts';
import { ExitCode } from '../../../builder/kit/errors.ts';
import { ownedFolder } from '../../../builder/kit/owner.ts';
import { takeBuildLock } from '../../../builder/pipeline/build-lock.ts';
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

it('chooses nothing of which another name would stay', () => {
  const shared = entries.map((entry) => ({ ...entry, shared: entry.id === '20' }));
  expect(chooseDoomed(shared, { now: NOW, days: 0, bytes: 0 }).map(({ id }) => id)).toEqual(['10', '1']);
});

describe('what sources keep beside the outputs', () => {
  const MIB = 2 ** 20;
  const LONG_AGO = (Date.now() - 30 * DAY) / 1000;
  const HASH = 'a'.repeat(64);
  let account: Account;

  /** A file of one MiB, or a folder with one, used last when it says. */
  function keep(path: string, usedAt: number, kind: 'file' | 'folder' = 'file'): string {
    const full = join(account.cache, path);
    const file = kind === 'file' ? full : join(full, 'content');
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, Buffer.alloc(MIB, 1));
    for (const each of [file, full]) utimesSync(each, LONG_AGO, LONG_AGO);
    writeFileSync(`${full}.used`, '');
    utimesSync(`${full}.used`, usedAt, usedAt);
    return full;
  }

  beforeEach(() => {
    account = new Account();
  });

  it('is listed in sum, one line a kind', async () => {
    for (const name of ['a', 'b']) keep(`downloads/${name.repeat(64)}`, LONG_AGO);
    keep(`downloads/built/${HASH}.tar`, LONG_AGO);
    keep(`downloads/git/${'c'.repeat(40)}`, LONG_AGO, 'folder');
    keep('downloads/maven', LONG_AGO, 'folder');
    keep('apt/trixie-amd64-0123456789ab', LONG_AGO, 'folder');
    const { stdout } = await inProcess(account, ['cache', 'list']);
    expect(stdout.split('\n').map((line) => line.trim())).toEqual([
      '2.0 MiB  downloads: 2',
      '1.0 MiB  built of downloads: 1',
      '1.0 MiB  commits: 1',
      '1.0 MiB  plugins of Maven: 1',
      '1.0 MiB  package indexes: 1',
      `0 outputs and what is kept beside them, 6.0 MiB in ${account.cache}`,
      '',
    ]);
  });

  it('is removed where it was not used for as long as outputs, with its marks', async () => {
    const now = Date.now() / 1000;
    const old = [
      keep(`downloads/${HASH}`, LONG_AGO),
      keep(`downloads/built/${HASH}`, LONG_AGO, 'folder'),
      keep('apt/trixie-amd64-0123456789ab', LONG_AGO, 'folder'),
    ];
    const used = [keep(`downloads/built/${'b'.repeat(64)}.tar`, now), keep('downloads/maven', now, 'folder')];
    const { stdout } = await inProcess(account, ['cache', 'trim', '--days', '14']);
    expect(stdout).toContain('removed 0 outputs and 3 of what was kept beside them, 3.0 MiB\n2.0 MiB are left');
    expect(old.flatMap((path) => [existsSync(path), existsSync(`${path}.used`)])).not.toContain(true);
    expect(used.map((path) => existsSync(path))).toEqual([true, true]);
  });

  it('is removed with the output that had it too, where all together is too much', async () => {
    const download = keep(`downloads/${HASH}`, LONG_AGO);
    const output = join(account.cache, 'stages', 'fetch', 'id');
    mkdirSync(output, { recursive: true });
    linkSync(download, join(output, 'package.deb'));
    utimesSync(output, LONG_AGO, LONG_AGO);
    const count = async (...args: string[]): Promise<string> => (await inProcess(account, ['cache', ...args])).stdout;
    // One file of two names is one file.
    expect(await count('list')).toContain('1 outputs and what is kept beside them, 1.0 MiB');
    expect(await count('trim', '--days', '99', '--size', '1')).toContain('removed 0 outputs and 0 of what');
    expect(existsSync(download)).toBe(true);
    expect(await count('trim', '--days', '99', '--size', '0')).toContain('removed 1 outputs and 1 of what was kept beside them, 1.0 MiB');
    expect([output, download].map((path) => existsSync(path))).toEqual([false, false]);
  });

  it('is not touched while a build holds the cache', async () => {
    const download = keep(`downloads/${HASH}`, LONG_AGO);
    await withCleanup(async (cleanup) => {
      await takeBuildLock(account.cache, cleanup);
      expect((await inProcess(account, ['cache', 'trim', '--size', '0'])).code).toBe(ExitCode.busy);
    });
    expect(existsSync(download)).toBe(true);
  });
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
  const end = `${running}: its machine runs; end it and remove its files: kill ${machine.pid}; rm -rf ${running}\n`;
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

it('leaves what a command that runs without the lock is using, and clears what one that is gone left', async () => {
  const account = new Account();
  const cleanup = new Cleanup();
  const used = await ownedFolder(account.cache, 'overlay', cleanup);
  const left = join(account.cache, 'tmp', 'overlay-1-999999999999-00000000-abcdef');
  mkdirSync(left);
  const { stdout } = await inProcess(account, ['cache', 'clear']);
  expect(stdout).toBe(`${used}: process ${process.pid} is using it\nnothing else is in ${account.cache}\n`);
  expect([existsSync(used), existsSync(left)]).toEqual([true, false]);
  await cleanup.run();
  expect((await inProcess(account, ['cache', 'clear'])).stdout).toBe(`${account.cache} is empty\n`);
});

it('ends the machine of a bake that was killed before it removes its files', async () => {
  const account = new Account();
  const work = join(account.cache, 'stages', 'bake', '.partial-abc', 'work');
  mkdirSync(work, { recursive: true });
  const machine = spawn('sleep', ['300'], { cwd: work, stdio: 'ignore' });
  writeFileSync(join(work, 'qemu.pid'), `${machine.pid}\n`);
  const gone = new Promise((resolve) => machine.once('exit', (_code, signal) => resolve(signal)));
  await inProcess(account, ['cache', 'clear']);
  expect(await gone).toBe('SIGTERM');
  expect(existsSync(work)).toBe(false);
});
