/** The offline reader against the real programs: what was written is what is read, byte for byte. */
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openSealedDisk, type SealedTree } from '../../../builder/audit/index.ts';
import { withCleanup } from '../../../builder/kit/cleanup.ts';
import { ExitCode, Interrupted, UserError } from '../../../builder/kit/errors.ts';
import { testContext } from '../../helpers/context.ts';
import { makeSmallDisk, ROOT_UUID } from '../../helpers/small-disk.ts';

const folder = mkdtempSync(join(tmpdir(), 'audit-open-'));
const raw = join(folder, 'disk with ? and @@ in its name.raw');
const qcow2 = join(folder, 'disk.qcow2');
const LONG_TARGET = `/${'long/'.repeat(30)}end`;
const sha256 = (data: Buffer | string): string => createHash('sha256').update(data).digest('hex');

const files: Record<string, Buffer> = Object.fromEntries(
  [1, 59, 60, 61, 4095, 4096, 4097, 65_536, 300_001].map((size) => [`/data/file-${size}`, randomBytes(size)]),
);
// Content that looks like the reader's own marks.
files['/data/echo'] = Buffer.from('debugfs: cat <12>\n/12/100644/0/0/name/4/\ndebugfs: ls -p <2>\n');

beforeAll(() => {
  const made = join(folder, 'made.raw');
  makeSmallDisk(made, {
    root: {
      ...files,
      '/data/empty': '',
      '/data/two\nlines': 'a name with a newline',
      '/data/ spaces "quotes" ; $(x)': 'shell',
      '/data/mode': { content: 'x', mode: 0o4750 },
      '/boot/efi': { directory: true },
      '/links/short': { link: '../data/echo' },
      '/links/long': { link: LONG_TARGET },
      '/links/loop': { link: 'loop' },
      '/links/folder': { link: '/data' },
      '/deep/a/b/c/d/e/f/g/h': 'deep',
    },
    efi: { '/EFI/BOOT/BOOTX64.EFI': 'MZ', '/EFI/debian/grub.cfg': 'search' },
    damage: ['ln /data/echo /data/hard', 'sif /data/hard links_count 2', 'sif /data/file-1 uid 1234', 'mknod pipe p'],
  });
  execFileSync('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', made, qcow2]);
  renameSync(made, raw);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function reading<T>(disk: string, look: (tree: SealedTree) => T): Promise<T> {
  const { ctx } = testContext();
  try {
    return await withCleanup(async (cleanup) => look(await openSealedDisk(disk, ctx, cleanup)));
  } finally {
    expect(readdirSync(ctx.cacheDir, { recursive: true })).toEqual(['tmp']);
    rmSync(ctx.cacheDir, { recursive: true });
  }
}

describe.each([
  ['raw', raw],
  ['qcow2', qcow2],
])('a %s disk', (_format, disk) => {
  it('gives every file with its content', async () => {
    await reading(disk, (tree) => {
      for (const [path, content] of Object.entries(files)) {
        const entry = tree.get(path);
        expect(entry, path).toBeDefined();
        expect(sha256(tree.bytes(entry!)), path).toBe(sha256(content));
      }
      expect(tree.text('/data/two\nlines')).toBe('a name with a newline');
      expect(tree.text('/data/ spaces "quotes" ; $(x)')).toBe('shell');
      expect(tree.text('/data/empty')).toBe('');
      expect(tree.text('/deep/a/b/c/d/e/f/g/h')).toBe('deep');
      expect(tree.text('/data/hard')).toBe(tree.text('/data/echo'));
    });
  });

  it('gives modes, owners, kinds and link targets', async () => {
    await reading(disk, (tree) => {
      expect(tree.get('/data/mode')).toMatchObject({ type: 'file', mode: 0o4750, size: 1 });
      expect(tree.get('/data/file-1')?.uid).toBe(1234);
      expect(tree.get('/pipe')?.type).toBe('fifo');
      expect(tree.get('/data')?.type).toBe('directory');
      expect(tree.get('/links/short')).toMatchObject({ type: 'link', target: '../data/echo' });
      expect(tree.get('/links/long')?.target).toBe(LONG_TARGET);
    });
  });

  it('follows links as the unit would', async () => {
    await reading(disk, (tree) => {
      expect(tree.resolve('/links/short')?.path).toBe('/data/echo');
      expect(tree.resolve('/links/folder/echo')?.path).toBe('/data/echo');
      expect(tree.resolve('/links/long')).toBeUndefined();
      expect(tree.resolve('/links/loop')).toBeUndefined();
    });
  });

  it('has the EFI partition at its mount point', async () => {
    await reading(disk, (tree) => {
      expect(tree.efi).toBe('read');
      expect(tree.text('/boot/efi/EFI/BOOT/BOOTX64.EFI')).toBe('MZ');
      expect(tree.text('/boot/efi/EFI/debian/grub.cfg')).toBe('search');
      expect(tree.superblock).toEqual({ uuid: ROOT_UUID, clean: true, journalPending: false, errorsRecorded: false });
    });
  });
});

describe('what is no sealed disk', () => {
  it('is refused where it has no root file system', async () => {
    const path = join(folder, 'empty.raw');
    execFileSync('truncate', ['-s', '8M', path]);
    execFileSync('/usr/sbin/sfdisk', ['-q', path], { input: 'label: gpt\nsize=4096\n' });
    const error = await reading(path, () => undefined).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).exitCode).toBe(ExitCode.audit);
  });

  it('fails where it has no partition table', async () => {
    const path = join(folder, 'text.raw');
    writeFileSync(path, 'no disk at all'.repeat(1000));
    await expect(reading(path, () => undefined)).rejects.toThrow(/sfdisk/);
  });

  it('fails where the content of a file cannot be read, instead of passing over it', async () => {
    const path = join(folder, 'damaged.raw');
    makeSmallDisk(path, {
      root: { '/data/file': randomBytes(20_000) },
      // The extent tree of the file no longer has its magic number.
      damage: ['sif /data/file block[0] 0'],
    });
    await expect(reading(path, () => undefined)).rejects.toThrow();
  });

  it('leaves nothing behind when it is cancelled', async () => {
    const { ctx, abort } = testContext();
    const running = withCleanup((cleanup) => openSealedDisk(qcow2, ctx, cleanup));
    setTimeout(() => abort(new Interrupted('SIGINT')), 20);
    await expect(running).rejects.toBeInstanceOf(Interrupted);
    expect(readdirSync(ctx.cacheDir, { recursive: true })).toEqual(['tmp']);
  });
});
