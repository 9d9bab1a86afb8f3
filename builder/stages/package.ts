/** package: the sealed disk in every format that the definition names, each in a stage of its own, and the documents beside them. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { bytesOf, type LoadedImage, mebibytesOf } from '../definition/definition.ts';
import type { WrittenFile } from '../formats/format.ts';
import { assembleOva, type OvaRequest, ovaParts } from '../formats/ova/archive.ts';
import { OVF_DEFAULTS, type OvfOptions, type Profile } from '../formats/ova/options.ts';
import { vappProperties } from '../formats/ova/properties.ts';
import { type FormatName, needsVmdk, vmdkName } from '../formats/pack.ts';
import { type Compression, writeQcow2 } from '../formats/qcow2/write.ts';
import { writeRaw } from '../formats/raw/write.ts';
import { type BoxRequest, writeBox } from '../formats/vagrant/box.ts';
import { DEFLATE_WORKER } from '../formats/vmdk/threads.ts';
import { writeVmdk } from '../formats/vmdk/write.ts';
import type { VmdkResult } from '../formats/vmdk/writer.ts';
import { readIfExists } from '../kit/files.ts';
import { hashTree, sha256File } from '../kit/hash.ts';
import { templatePath } from '../kit/paths.ts';
import type { Runner, StageResult } from '../pipeline/runner.ts';
import type { Stage } from '../pipeline/stage.ts';
import { newestDeb } from '../tools/deb.ts';
import type { FetchOutput } from './fetch.ts';

export interface PackageOptions {
  /** The definition's own where absent. */
  formats?: readonly FormatName[];
  compression: Compression;
  ovaFolder: boolean;
  /** Long names of the given options that only an OVA follows. */
  ovaOptions: readonly string[];
  ovf: Partial<Pick<OvfOptions, 'controller' | 'nic' | 'hardwareVersion' | 'firmware'>> & { profile: Profile };
}

export interface PackageInput {
  image: LoadedImage;
  disk: string;
  /** Id of the bake stage: stands for the disk's content. */
  bakeId: string;
  options: PackageOptions;
  /** Time of the members of OVA and boxes (`timeOf`). */
  mtime: Date;
}

export interface Packaged {
  files: { format: FormatName; file: WrittenFile }[];
  /** The OVA's request, for leaving its parts beside it. */
  ova: OvaRequest | undefined;
}

interface DiskInput {
  disk: string;
  bakeId: string;
  baseName: string;
}

export const vmdkStage: Stage<DiskInput, VmdkResult> = {
  name: 'vmdk',
  inputs: async ({ bakeId, baseName }) => ({ disk: bakeId, name: vmdkName(baseName), thread: await sha256File(DEFLATE_WORKER) }),
  async run({ disk, baseName }, folder, ctx, cleanup) {
    const result = await writeVmdk(disk, join(folder, vmdkName(baseName)), {}, ctx, cleanup);
    await writeFile(join(folder, 'vmdk.json'), JSON.stringify(result));
  },
  open: async (folder, { baseName }) => ({
    ...(JSON.parse(await readFile(join(folder, 'vmdk.json'), 'utf8')) as VmdkResult),
    file: join(folder, vmdkName(baseName)),
  }),
};

export const qcow2Stage: Stage<DiskInput & { compression: Compression }, WrittenFile> = {
  name: 'qcow2',
  inputs: ({ bakeId, compression }) => ({ disk: bakeId, compression }),
  run: async ({ disk, compression }, folder, ctx, cleanup) =>
    record(folder, await writeQcow2(disk, join(folder, 'disk.qcow2'), compression, ctx, cleanup)),
  open: (folder) => recorded(folder, 'disk.qcow2'),
};

export const rawStage: Stage<DiskInput, WrittenFile> = {
  name: 'raw',
  inputs: ({ bakeId }) => ({ disk: bakeId }),
  run: async ({ disk }, folder, ctx, cleanup) => record(folder, await writeRaw(disk, join(folder, 'disk.raw.zst'), ctx, cleanup)),
  open: (folder) => recorded(folder, 'disk.raw.zst'),
};

/** Apart from the VMDK: a changed description or property compresses nothing again. */
export const ovaStage: Stage<{ vmdkId: string; request: Omit<OvaRequest, 'target'> }, WrittenFile> = {
  name: 'ova',
  inputs: ({ vmdkId, request }) => ({
    vmdk: vmdkId,
    text: ovaParts({ ...request, target: '' }).ovf.text,
    mtime: request.mtime.toISOString(),
  }),
  run: async ({ request }, folder, ctx, cleanup) =>
    record(folder, await assembleOva({ ...request, target: join(folder, 'image.ova') }, ctx, cleanup)),
  open: (folder) => recorded(folder, 'image.ova'),
};

export const boxStage: Stage<{ diskId: string; request: Omit<BoxRequest, 'target'> }, WrittenFile> = {
  name: 'box',
  instance: ({ request }) => request.provider,
  inputs: async ({ diskId, request }) => ({
    disk: diskId,
    provider: request.provider,
    name: request.disk.fileName,
    ovf: JSON.stringify(request.ovf),
    templates: await hashTree(templatePath('vagrant')),
    mtime: request.mtime.toISOString(),
  }),
  run: async ({ request }, folder, ctx, cleanup) =>
    record(folder, await writeBox({ ...request, target: join(folder, 'image.box') }, ctx, cleanup)),
  open: (folder) => recorded(folder, 'image.box'),
};

async function box(runner: Runner, input: PackageInput, diskId: string, part: Pick<BoxRequest, 'provider' | 'disk'>): Promise<WrittenFile> {
  const request = { ...part, ovf: await ovfOptions(input), mtime: input.mtime };
  return (await runner.run(boxStage, { diskId, request })).output;
}

async function record(folder: string, file: WrittenFile): Promise<void> {
  await writeFile(join(folder, 'file.json'), JSON.stringify({ bytes: file.bytes, sha256: file.sha256 }));
}

async function recorded(folder: string, name: string): Promise<WrittenFile> {
  return { ...(JSON.parse(await readFile(join(folder, 'file.json'), 'utf8')) as Omit<WrittenFile, 'path'>), path: join(folder, name) };
}

/** Base name of an image's artefacts: name, version, architecture. */
export function baseNameOf(image: LoadedImage): string {
  const { name, version, base } = image.definition;
  return `${name}-${version}-${base.architecture}`;
}

/** A time that follows from what is in the image: the same disk gives the same artefacts on whatever day and machine. */
export async function timeOf({ repository, packages }: Pick<FetchOutput, 'repository' | 'packages'>): Promise<Date> {
  const newest = await newestDeb(packages.map(({ filename }) => join(repository, 'pool', filename)));
  if (newest === undefined) throw new Error(`the packages in ${repository} have no time`);
  return newest;
}

export async function packageImage(runner: Runner, input: PackageInput): Promise<Packaged> {
  const baseName = baseNameOf(input.image);
  const disk = { disk: input.disk, bakeId: input.bakeId, baseName };
  const formats = input.options.formats ?? input.image.definition.formats;
  const files: Packaged['files'] = [];
  let ova: OvaRequest | undefined;
  let vmdk: StageResult<VmdkResult> | undefined;
  if (needsVmdk(formats)) vmdk = await runner.run(vmdkStage, disk);
  for (const format of formats) {
    if (format === 'qcow2')
      files.push({ format, file: (await runner.run(qcow2Stage, { ...disk, compression: input.options.compression })).output });
    else if (format === 'raw') files.push({ format, file: (await runner.run(rawStage, disk)).output });
    else if (format === 'vagrant-libvirt') {
      const qcow2 = await runner.run(qcow2Stage, { ...disk, compression: input.options.compression });
      const capacity = bytesOf(input.image.definition.hardware.disk);
      const part = { file: qcow2.output.path, fileName: 'box.img', capacity, populated: 0 };
      files.push({ format, file: await box(runner, input, qcow2.id, { provider: 'libvirt', disk: part }) });
    } else if (vmdk !== undefined && format === 'vagrant-virtualbox') {
      const part = { ...vmdk.output, fileName: vmdkName(baseName) };
      files.push({ format, file: await box(runner, input, vmdk.id, { provider: 'virtualbox', disk: part }) });
    } else if (vmdk !== undefined && format === 'vmdk') files.push({ format, file: vmdkFile(vmdk.output) });
    else if (vmdk !== undefined) {
      const request = {
        baseName,
        vmdk: { ...vmdk.output, fileName: vmdkName(baseName) },
        ovf: await ovfOptions(input),
        mtime: input.mtime,
      };
      files.push({ format, file: (await runner.run(ovaStage, { vmdkId: vmdk.id, request })).output });
      ova = { ...request, target: '' };
    }
  }
  return { files, ova };
}

function vmdkFile({ file, size, sha256 }: VmdkResult): WrittenFile {
  return { path: file, bytes: size, sha256 };
}

/** What a definition says to an importer. */
export async function ovfOptions({ image, options }: Pick<PackageInput, 'image' | 'options'>): Promise<OvfOptions> {
  const { definition } = image;
  const eula = definition.eula === undefined ? undefined : await readIfExists(join(image.folder, definition.eula));
  const { url } = definition.vendor;
  return {
    ...OVF_DEFAULTS,
    ...options.ovf,
    name: definition.name,
    system: definition.base.distribution,
    product: {
      title: definition.title.en,
      version: definition.version,
      vendor: definition.vendor.name,
      ...(url === undefined ? {} : { vendorUrl: url }),
    },
    annotation: definition.description.en,
    ...(eula === undefined ? {} : { eula }),
    cpus: definition.hardware.cpus,
    memoryMiB: mebibytesOf(definition.hardware.memory),
    properties: vappProperties(image.settingsSchema, image.definition.setup),
    dataDisks: (definition.hardware.dataDisks ?? []).map(({ name, size }) => ({ name, bytes: bytesOf(size) })),
  };
}
