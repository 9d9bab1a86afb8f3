import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';

import { Cleanup } from '../../../builder/kit/cleanup.ts';
import { diskLayout } from '../../../builder/stages/disk/layout.ts';
import type { DiskInput } from '../../../builder/stages/disk.ts';
import { diskStage } from '../../../builder/stages/disk.ts';
import { testContext } from '../../helpers/context.ts';

const DISK_BYTES = 700 * 2 ** 20;

/** A root file system in little: owners, modes, a link, a hard link, a capability-like attribute, a device. */
function smallRootfs(folder: string): DiskInput {
  const tree = join(folder, 'tree');
  mkdirSync(join(tree, 'etc'), { recursive: true });
  mkdirSync(join(tree, 'boot'));
  mkdirSync(join(tree, 'dev'));
  writeFileSync(join(tree, 'etc/hello'), 'hello\n', { mode: 0o640 });
  symlinkSync('hello', join(tree, 'etc/link'));
  execFileSync('ln', [join(tree, 'etc/hello'), join(tree, 'etc/hard')]);
  const tar = join(folder, 'rootfs.tar');
  execFileSync('tar', ['-C', tree, '--owner=:1234', '--group=:4321', '--numeric-owner', '-cf', tar, '.']);
  writeFileSync(join(folder, 'vmlinuz'), '');
  writeFileSync(join(folder, 'initrd.img'), '');
  return {
    rootfs: {
      tar,
      kernelVersion: '6.12.1-amd64',
      kernel: join(folder, 'vmlinuz'),
      initrd: join(folder, 'initrd.img'),
      packages: [],
      installedBytes: 2 ** 20,
      cloudInitSchemas: folder,
    },
    rootfsId: 'f'.repeat(64),
    diskBytes: DISK_BYTES,
    title: 'Test unit',
  };
}

function newFolder(): string {
  return mkdtempSync(join(tmpdir(), 'unitsmith-test-'));
}

describe('diskStage, with the real programs', () => {
  const layout = diskLayout(DISK_BYTES, 'f'.repeat(64));
  const folder = newFolder();
  const disk = join(folder, 'disk.raw');
  const root = join(newFolder(), 'root.ext4');
  const debugfs = (request: string): string =>
    execFileSync('debugfs', ['-R', request, root], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

  beforeAll(async () => {
    const cleanup = new Cleanup();
    await diskStage.run(smallRootfs(newFolder()), folder, testContext().ctx, cleanup);
    expect(await cleanup.run()).toEqual([]);
    execFileSync('dd', [`if=${disk}`, `of=${root}`, 'bs=1M', `skip=${layout.rootOffset / 2 ** 20}`, 'conv=sparse', 'status=none']);
  });

  it('leaves the disk and nothing else, sparse', () => {
    expect(readdirSync(folder)).toEqual(['disk.raw']);
    expect(statSync(disk).size).toBe(DISK_BYTES);
    expect(statSync(disk).blocks * 512).toBeLessThan(DISK_BYTES / 4);
  });

  it('has a table that sfdisk reads back as planned', () => {
    const table = JSON.parse(execFileSync('/usr/sbin/sfdisk', ['--json', disk], { encoding: 'utf8' })).partitiontable;
    const { biosBoot, efiSystem, root: last } = layout.partitions;
    expect(table.label).toBe('gpt');
    expect(
      table.partitions.map(({ start, size, uuid }: { start: number; size: number; uuid: string }) => [start, size, uuid.toLowerCase()]),
    ).toEqual([biosBoot, efiSystem, last].map(({ start, size, uuid }) => [start, size, uuid]));
  });

  it('has a clean root file system with exactly the named features', () => {
    execFileSync('/usr/sbin/e2fsck', ['-fn', root], { stdio: 'ignore' });
    const header = execFileSync('/usr/sbin/dumpe2fs', ['-h', root], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const features = /^Filesystem features: +(.*)$/m.exec(header)?.[1]?.split(' ').sort();
    expect(features).toContain('metadata_csum');
    expect(features).not.toContain('orphan_file');
    expect(features).not.toContain('metadata_csum_seed');
    expect(header).toContain(layout.rootUuid);
  });

  it('keeps owners, modes and links of the image', () => {
    expect(debugfs('stat /etc/hello')).toMatch(/Mode: +0640[\s\S]*User: +1234 +Group: +4321[\s\S]*Links: 2/);
    expect(debugfs('stat /etc/link')).toContain('Fast link dest: "hello"');
  });

  it('adds what boots and mounts it, owned by root', () => {
    expect(debugfs('cat /etc/fstab')).toContain(layout.rootUuid);
    expect(debugfs('cat /boot/grub/grub.cfg')).toContain('menuentry "Test unit"');
    expect(debugfs('stat /boot/grub/grub.cfg')).toMatch(/Mode: +0644[\s\S]*User: +0 +Group: +0/);
  });

  it('has a FAT32 for the EFI', () => {
    const offset = layout.partitions.efiSystem.start * 512;
    expect(execFileSync('mdir', ['-i', `${disk}@@${offset}`, '::'], { encoding: 'utf8' })).toContain('Volume in drive : is EFI');
  });
});

describe('diskStage, when it does not work out', () => {
  it('refuses a disk that is too small before it writes anything', async () => {
    const input = smallRootfs(newFolder());
    const folder = newFolder();
    const tooMuch = { ...input, rootfs: { ...input.rootfs, installedBytes: 2 ** 30 } };
    await expect(diskStage.run(tooMuch, folder, testContext().ctx, new Cleanup())).rejects.toMatchObject({ exitCode: 3 });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('removes its tree when the tar is damaged', async () => {
    const input = smallRootfs(newFolder());
    writeFileSync(input.rootfs.tar, 'no tar at all, but long enough to be looked at'.repeat(50));
    const folder = newFolder();
    const cleanup = new Cleanup();
    await expect(diskStage.run(input, folder, testContext().ctx, cleanup)).rejects.toMatchObject({ name: 'ToolError' });
    expect(await cleanup.run()).toEqual([]);
    expect(existsSync(join(folder, 'work'))).toBe(false);
  });
});
