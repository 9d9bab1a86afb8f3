import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { checkInstalled, newestKernel, parsePackages, readRootfs } from '../../../../builder/stages/rootfs/read.ts';

const LINES = [
  'ii \tnginx\t1.26.3-3\tamd64\tnginx\t1.26.3-3\t1500',
  'ii \tlibc6\t2.41-12\tamd64\tglibc\t2.41-12\t13000',
  'rc \tgone\t1\tamd64\tgone\t1\t10',
  '',
].join('\n');

describe('parsePackages', () => {
  it('reads what is installed, with its source and size', () => {
    const packages = parsePackages(LINES);
    expect(packages.map(({ name }) => name)).toEqual(['nginx', 'libc6']);
    expect(packages[1]).toEqual({
      name: 'libc6',
      version: '2.41-12',
      architecture: 'amd64',
      source: 'glibc',
      sourceVersion: '2.41-12',
      installedBytes: 13000 * 1024,
    });
  });
});

it('newestKernel compares numbers as numbers', () => {
  expect(newestKernel(['6.9.1-amd64', '6.12.1-amd64'])).toBe('6.12.1-amd64');
  expect(() => newestKernel([''])).toThrow('no kernel');
});

describe('checkInstalled', () => {
  const installed = parsePackages(LINES);

  it('accepts exactly what was resolved', () => {
    expect(() => checkInstalled(installed, installed)).not.toThrow();
  });

  it('names every difference', () => {
    const wanted = [
      { name: 'nginx', version: '1.26.3-4' },
      { name: 'redis', version: '8' },
    ];
    expect(() => checkInstalled(wanted, installed)).toThrow(
      expect.objectContaining({
        exitCode: 6,
        problems: [
          { message: 'nginx: 1.26.3-4 was resolved, 1.26.3-3 is installed' },
          { message: 'redis: 8 was resolved, nothing is installed' },
          { message: 'libc6 is installed, and was not resolved' },
        ],
      }),
    );
  });
});

describe('readRootfs', () => {
  function stored(): string {
    const folder = mkdtempSync(join(tmpdir(), 'unitsmith-test-'));
    for (const name of ['rootfs.tar', 'vmlinuz-6.1', 'initrd.img-6.1']) writeFileSync(join(folder, name), '');
    writeFileSync(join(folder, 'kernels'), '6.1\n');
    writeFileSync(join(folder, 'packages.tsv'), LINES);
    writeFileSync(join(folder, 'installed-bytes'), '12345\n');
    return folder;
  }

  it('gives typed data and paths', async () => {
    const folder = stored();
    mkdirSync(join(folder, 'cloud-init-schemas'));
    const rootfs = await readRootfs(folder);
    expect(rootfs).toMatchObject({ kernelVersion: '6.1', kernel: join(folder, 'vmlinuz-6.1'), installedBytes: 12345 });
  });

  it('throws where a file is gone, so that the stage runs again', async () => {
    await expect(readRootfs(stored())).rejects.toThrow('cloud-init-schemas');
  });
});
