/**
 * The disk that Packer boots: GPT, BIOS boot + EFI + ext4 root, filled from the root file system without mounting, loop
 * device or root. It has no boot loader yet; the bake boots its kernel directly.
 */
import { mkdir, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Cleanup } from '../kit/cleanup.ts';
import { commandLine, run } from '../kit/command.ts';
import type { Context } from '../kit/context.ts';
import { hashTree } from '../kit/hash.ts';
import { archiveOwnFiles } from '../kit/own-files.ts';
import { templatePath } from '../kit/paths.ts';
import type { Stage } from '../pipeline/stage.ts';
import { mke2fsArguments } from '../tools/mke2fs.ts';
import { mkfsFatArguments } from '../tools/mkfs-fat.ts';
import { inMemoryWhereRoom, removeMappedTree, runMapped } from '../tools/namespace.ts';
import { gptScript, sfdiskArguments } from '../tools/sfdisk.ts';
import { extractRootfsArguments, overlayTreeArguments } from '../tools/tar.ts';
import { writeBootFiles } from './disk/boot-files.ts';
import { checkFits, type DiskLayout, diskLayout } from './disk/layout.ts';
import type { RootfsOutput } from './rootfs.ts';

export interface DiskInput {
  rootfs: RootfsOutput;
  /** Id of the rootfs stage's result: it stands for all that is in it. */
  rootfsId: string;
  /** Size of the system disk (`hardware.disk`). */
  diskBytes: number;
  /** Title in the boot menu. */
  title: string;
}

export interface DiskOutput {
  /** Raw and sparse. */
  disk: string;
  rootUuid: string;
  kernel: string;
  initrd: string;
}

export const diskStage: Stage<DiskInput, DiskOutput> = {
  name: 'disk',
  inputs: async (input) => ({
    rootfs: input.rootfsId,
    bytes: input.diskBytes,
    title: input.title,
    templates: await hashTree(templatePath('disk')),
  }),
  run: makeDisk,
  open: (folder, input) => ({
    disk: join(folder, 'disk.raw'),
    rootUuid: layoutOf(input).rootUuid,
    kernel: input.rootfs.kernel,
    initrd: input.rootfs.initrd,
  }),
};

function layoutOf(input: DiskInput): DiskLayout {
  return diskLayout(input.diskBytes, input.rootfsId);
}

async function makeDisk(input: DiskInput, folder: string, ctx: Context, cleanup: Cleanup): Promise<void> {
  const layout = layoutOf(input);
  checkFits(layout, input.rootfs.installedBytes);
  const work = join(folder, 'work');
  cleanup.add(`work folder ${work}`, () => removeMappedTree(ctx, work));
  const tree = join(work, 'tree');
  await mkdir(tree, { recursive: true });

  const own = join(work, 'own');
  await writeBootFiles({ layout, kernelVersion: input.rootfs.kernelVersion, title: input.title }, own);
  await archiveOwnFiles(own, join(work, 'own.tar'));
  const disk = join(work, 'disk.raw');
  ctx.events.progress('writing partitions and file systems');
  await writeDisk(
    ctx,
    layout,
    { tree, archives: [input.rootfs.tar, join(work, 'own.tar')], bytes: input.rootfs.installedBytes },
    disk,
    work,
  );
  await rename(disk, join(folder, 'disk.raw'));
  await removeMappedTree(ctx, tree);
  await rm(work, { recursive: true, force: true });
}

/** What the root holds: an archive with one of ours over it, unpacked into `tree` first. */
interface Contents {
  tree: string;
  archives: readonly [rootfs: string, own: string];
  /** As installed. */
  bytes: number;
}

/**
 * The root comes first: mke2fs may want to wipe what it finds, and the table and the FAT lie in front of it. Unpacked and
 * written by one shell, because a tree in memory lives as long as a process.
 */
async function writeDisk(ctx: Context, layout: DiskLayout, contents: Contents, disk: string, work: string): Promise<void> {
  const { tree, archives, bytes } = contents;
  const { efiSystem, biosBoot, root } = layout.partitions;
  await writeFile(disk, '');
  await truncate(disk, layout.bytes);
  const ext4 = mke2fsArguments({
    file: disk,
    offset: layout.rootOffset,
    bytes: layout.rootBytes,
    uuid: layout.rootUuid,
    label: 'root',
    tree,
  });
  // A configuration of our own, empty but for the type's name: the host's must not add features (mke2fs.conf(5)).
  const configuration = join(work, 'mke2fs.conf');
  await writeFile(configuration, '[fs_types]\n\text4 = {\n\t\tinode_size = 256\n\t}\n');
  const commands = [
    commandLine('tar', extractRootfsArguments(archives[0], tree)),
    commandLine('tar', overlayTreeArguments(archives[1], tree)),
    commandLine('mke2fs', ext4),
  ];
  const inMemory = await inMemoryWhereRoom(tree, Math.ceil(bytes * 1.25));
  await runMapped(ctx, 'sh', ['-ec', commands.join('\n')], { env: { MKE2FS_CONFIG: configuration }, inMemory });
  await run(ctx, 'mkfs.fat', mkfsFatArguments({ file: disk, ...efiSystem, volumeId: layout.efiVolumeId, label: 'EFI' }));
  await run(ctx, 'sfdisk', sfdiskArguments(disk), { input: gptScript(layout.diskUuid, [biosBoot, efiSystem, root]) });
}
