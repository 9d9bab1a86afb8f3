/**
 * The disk that Packer boots: GPT, BIOS boot + EFI + ext4 root, filled from the root file system without mounting, loop
 * device or root. It has no boot loader yet; the bake boots its kernel directly.
 */
import { mkdir, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Cleanup } from '../kit/cleanup.ts';
import { run } from '../kit/command.ts';
import type { Context } from '../kit/context.ts';
import { hashTree } from '../kit/hash.ts';
import { archiveOwnFiles } from '../kit/own-files.ts';
import { templatePath } from '../kit/paths.ts';
import type { Stage } from '../pipeline/stage.ts';
import { mke2fsArguments } from '../tools/mke2fs.ts';
import { mkfsFatArguments } from '../tools/mkfs-fat.ts';
import { removeMappedTree, runMapped } from '../tools/namespace.ts';
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
  ctx.events.progress('unpacking the root file system');
  await runMapped(ctx, 'tar', extractRootfsArguments(input.rootfs.tar, tree));
  await runMapped(ctx, 'tar', overlayTreeArguments(join(work, 'own.tar'), tree));

  const disk = join(work, 'disk.raw');
  ctx.events.progress('writing partitions and file systems');
  await writeDisk(ctx, layout, tree, disk, work);
  await rename(disk, join(folder, 'disk.raw'));
  await removeMappedTree(ctx, tree);
  await rm(work, { recursive: true, force: true });
}

/** The root comes first: mke2fs may want to wipe what it finds, and the table and the FAT lie in front of it. */
async function writeDisk(ctx: Context, layout: DiskLayout, tree: string, disk: string, work: string): Promise<void> {
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
  await runMapped(ctx, 'mke2fs', ext4, { env: { MKE2FS_CONFIG: configuration } });
  await run(ctx, 'mkfs.fat', mkfsFatArguments({ file: disk, ...efiSystem, volumeId: layout.efiVolumeId, label: 'EFI' }));
  await run(ctx, 'sfdisk', sfdiskArguments(disk), { input: gptScript(layout.diskUuid, [biosBoot, efiSystem, root]) });
}
