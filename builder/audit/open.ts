/**
 * Opens a sealed disk: qcow2 made raw (sparse), partitions found by GPT, ext4 read by debugfs, the EFI partition by
 * mtools. Everything goes into a temporary folder that `cleanup` removes, or, where this process is killed, a later bake.
 */
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, stat, symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import type { Cleanup } from '../kit/cleanup.ts';
import type { Context } from '../kit/context.ts';
import { ExitCode, UserError } from '../kit/errors.ts';
import { temporaryFolder } from '../kit/files.ts';
import { type Ext4Entry, type Ext4Volume, extractExt4, listExt4, readShortLinks, readSuperblock, type Superblock } from '../tools/ext4.ts';
import { copyOutFat } from '../tools/mtools.ts';
import { type FoundPartition, readPartitions } from '../tools/partitions.ts';
import { convertDisk } from '../tools/qemu-img.ts';
import { PARTITION_TYPES } from '../tools/sfdisk.ts';
import { LARGEST_CONTENT, type SealedEntry, SealedTree } from './tree.ts';

const EFI_MOUNT = '/boot/efi';
const QCOW2_MAGIC = Buffer.from('QFI\xfb', 'latin1');
const DISK = 'disk.raw';

/**
 * Reads a raw or qcow2 disk with GPT, one ext4 root and, where there is one, an EFI partition. Nothing is booted,
 * mounted or written to; temporary files are about twice what the disk holds.
 * @throws UserError(audit) where the disk has no such root
 */
export async function openSealedDisk(disk: string, ctx: Context, cleanup: Cleanup): Promise<SealedTree> {
  const folder = await temporaryFolder(join(ctx.cacheDir, 'tmp'), 'sealed-', cleanup);
  await bringRaw(ctx, disk, folder);
  const partitions = await readPartitions(ctx, folder, DISK);
  const root = await findRoot(join(folder, DISK), partitions, disk);
  const volume: Ext4Volume = { folder, image: DISK, offset: root.offset };
  const listed = await listExt4(ctx, volume);
  const contentsPath = join(folder, 'contents');
  const entries = await readContents(ctx, volume, listed, contentsPath);

  const contents = await open(contentsPath, 'a+');
  cleanup.add('contents of the disk', () => contents.close());
  const efi = await readEfi(ctx, folder, partitions, contents);
  const hidden = efi.state === 'absent' ? [] : entries.filter(({ path }) => path.startsWith(`${EFI_MOUNT}/`));
  const visible = efi.state === 'absent' ? entries : entries.filter(({ path }) => !path.startsWith(`${EFI_MOUNT}/`));
  return new SealedTree({
    entries: [...visible, ...efi.entries],
    hidden,
    superblock: root.superblock,
    efi: efi.state,
    contents: contents.fd,
  });
}

/** By a name without surprises: debugfs and mtools give `?` and `@@` in a path a meaning of their own. */
async function bringRaw(ctx: Context, disk: string, folder: string): Promise<void> {
  if (await isQcow2(disk)) await convertDisk(ctx, { path: resolve(disk), format: 'qcow2' }, { path: join(folder, DISK), format: 'raw' });
  else await symlink(resolve(disk), join(folder, DISK));
}

async function isQcow2(path: string): Promise<boolean> {
  const handle = await open(path);
  try {
    const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.equals(QCOW2_MAGIC);
  } finally {
    await handle.close();
  }
}

async function findRoot(
  raw: string,
  partitions: readonly FoundPartition[],
  disk: string,
): Promise<{ offset: number; superblock: Superblock }> {
  const candidates: { offset: number; superblock: Superblock; isRoot: boolean }[] = [];
  for (const { offset, type } of partitions) {
    const superblock = await readSuperblock(raw, offset);
    if (superblock !== undefined) candidates.push({ offset, superblock, isRoot: type === PARTITION_TYPES.linuxRoot });
  }
  const root = candidates.find(({ isRoot }) => isRoot) ?? (candidates.length === 1 ? candidates[0] : undefined);
  if (root !== undefined) return root;
  throw new UserError(`The disk ${disk} has no root file system that can be read`, {
    exitCode: ExitCode.audit,
    why: `of its ${partitions.length} partitions ${candidates.length} hold ext4, and none is marked as a Linux root (x86-64)`,
    remedies: ['bake the image again'],
  });
}

async function readContents(ctx: Context, volume: Ext4Volume, listed: readonly Ext4Entry[], output: string): Promise<SealedEntry[]> {
  const links = [...new Set(listed.filter(({ type }) => type === 'link').map(({ inode }) => inode))];
  const targets = await readShortLinks(ctx, volume, links);
  const wanted = new Map<number, { inode: number; size: number }>();
  for (const { inode, size, type } of listed) {
    const longLink = type === 'link' && !targets.has(inode);
    if ((type === 'file' || longLink) && size > 0 && size <= LARGEST_CONTENT) wanted.set(inode, { inode, size });
  }
  // In the order of inodes, which is about the order on the disk.
  const files = [...wanted.values()].sort((a, b) => a.inode - b.inode);
  const offsets = await extractExt4(ctx, volume, files, output);
  const handle = await open(output);
  try {
    const entries: SealedEntry[] = [];
    for (const { inode, ...entry } of listed) {
      const offset = offsets.get(inode);
      if (entry.type !== 'link') entries.push(offset === undefined ? entry : { ...entry, offset });
      else entries.push({ ...entry, target: targets.get(inode) ?? (await readLongLink(handle, offset ?? 0, entry.size)) });
    }
    return entries;
  } finally {
    await handle.close();
  }
}

async function readLongLink(handle: FileHandle, offset: number, size: number): Promise<string> {
  const { buffer } = await handle.read(Buffer.alloc(size), 0, size, offset);
  return buffer.toString('utf8');
}

async function readEfi(
  ctx: Context,
  folder: string,
  partitions: readonly FoundPartition[],
  contents: FileHandle,
): Promise<{ state: SealedTree['efi']; entries: SealedEntry[] }> {
  const partition = partitions.find(({ type }) => type === PARTITION_TYPES.efiSystem);
  if (partition === undefined) return { state: 'absent', entries: [] };
  const copy = join(folder, 'efi');
  await mkdir(copy);
  if (!(await copyOutFat(ctx, folder, DISK, partition.offset, 'efi'))) return { state: 'unreadable', entries: [] };
  const entries: SealedEntry[] = [];
  for (const found of await readdir(copy, { recursive: true, withFileTypes: true })) {
    const own = join(found.parentPath, found.name);
    const entry = { path: `${EFI_MOUNT}/${own.slice(copy.length + 1)}`, uid: 0, gid: 0 };
    if (found.isDirectory()) entries.push({ ...entry, type: 'directory', mode: 0o700, size: 0 });
    else entries.push({ ...entry, type: 'file', mode: 0o700, ...(await append(own, contents)) });
  }
  return { state: 'read', entries };
}

async function append(path: string, contents: FileHandle): Promise<{ size: number; offset?: number }> {
  const offset = (await contents.stat()).size;
  const { size } = await stat(path);
  for await (const chunk of createReadStream(path)) await contents.appendFile(chunk as Buffer);
  return size === 0 ? { size } : { size, offset };
}
