import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';

import { archiveOwnFiles } from '../../../builder/kit/own-files.ts';

it('belongs to root and has plain modes, whoever owns the checkout and whatever the umask', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'unitsmith-test-'));
  mkdirSync(join(folder, 'etc'));
  writeFileSync(join(folder, 'etc/private'), 'x');
  chmodSync(join(folder, 'etc/private'), 0o600);
  writeFileSync(join(folder, 'etc/run'), '#!/bin/sh\n');
  chmodSync(join(folder, 'etc/run'), 0o775);
  symlinkSync('private', join(folder, 'etc/link'));
  const file = join(mkdtempSync(join(tmpdir(), 'unitsmith-test-')), 'own.tar');

  await archiveOwnFiles(folder, file);

  const listing = execFileSync('tar', ['--numeric-owner', '-tvf', file], { encoding: 'utf8' });
  const entries = listing
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/\s+/));
  expect(entries.map(([mode, owner, , , , name]) => [mode?.slice(1), owner, name?.replace(/\/$/, '')])).toEqual([
    ['rwxr-xr-x', '0/0', 'etc'],
    [expect.any(String), '0/0', 'etc/link'],
    ['rw-r--r--', '0/0', 'etc/private'],
    ['rwxr-xr-x', '0/0', 'etc/run'],
  ]);
});

it('holds a link to a folder as a link, and nothing of the folder a second time', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'unitsmith-test-'));
  mkdirSync(join(folder, 'lib'));
  writeFileSync(join(folder, 'lib/module'), 'x');
  symlinkSync('lib', join(folder, 'lib64'));
  const file = join(mkdtempSync(join(tmpdir(), 'unitsmith-test-')), 'own.tar');
  await archiveOwnFiles(folder, file);
  const listed = execFileSync('tar', ['-tf', file], { encoding: 'utf8' }).trim().split('\n');
  expect(listed.map((name) => name.replace(/\/$/, ''))).toEqual(['lib', 'lib/module', 'lib64']);
});
