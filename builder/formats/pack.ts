/** Packages any disk into any of the formats: what `unitsmith pack` does, without an image definition. */
import { constants, copyFile, mkdir, realpath, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';

import type { Cleanup } from '../kit/cleanup.ts';
import type { Context } from '../kit/context.ts';
import { ExitCode, UserError } from '../kit/errors.ts';
import { temporaryBeside, temporaryFolder, writeFileAtomic } from '../kit/files.ts';
import { sha256 } from '../kit/hash.ts';
import { filesOfDisk } from '../tools/qemu-img.ts';
import { openSource, type WrittenFile } from './format.ts';
import { withOutputLock } from './output-lock.ts';
import { assembleOva, ovaParts } from './ova/archive.ts';
import type { OvfOptions } from './ova/options.ts';
import { type Compression, writeQcow2 } from './qcow2/write.ts';
import { writeRaw } from './raw/write.ts';
import { forgetSums, SUMS, writeSums } from './sums.ts';
import { writeBox } from './vagrant/box.ts';
import { writeVmdk } from './vmdk/write.ts';
import type { VmdkResult } from './vmdk/writer.ts';

/** Endings of the files, by format. A VMDK names itself inside, so alone it has the name that it has in the OVA. */
const EXTENSIONS = {
  ova: 'ova',
  qcow2: 'qcow2',
  raw: 'raw.zst',
  vmdk: 'vmdk',
  'vagrant-libvirt': 'libvirt.box',
  'vagrant-virtualbox': 'virtualbox.box',
} as const;
export type FormatName = keyof typeof EXTENSIONS;
export const FORMATS = Object.keys(EXTENSIONS) as FormatName[];

export interface PackRequest {
  disk: string;
  /** Base name of the files: plain ASCII without slashes. */
  baseName: string;
  formats: readonly FormatName[];
  out: string;
  compression: Compression;
  /** Deflate level of the VMDK, 1 to 9. */
  level?: number;
  /** Also leaves the OVA's parts in `<out>/<baseName>-ova/`. */
  ovaFolder: boolean;
  ovf: OvfOptions;
  mtime: Date;
}

/** @throws UserError(usage) for options that only an OVA follows, where none is made. */
export function refuseWithoutOva(formats: readonly FormatName[], ovaOptions: readonly string[]): void {
  if (ovaOptions.length === 0 || formats.includes('ova')) return;
  throw new UserError(`${ovaOptions.join(', ')}: of no effect without an OVA`, {
    exitCode: ExitCode.usage,
    why: `the formats are ${formats.join(', ')}`,
    remedies: [`leave out ${ovaOptions.join(', ')}`, `or make an OVA too: --formats ${['ova', ...formats].join(',')}`],
  });
}

/**
 * Writes the files and SHA256SUMS into `out`; each appears only when it is whole.
 * @throws UserError(usage) where one of them would take the place of the disk, or of a file that the disk is read from
 */
export async function pack(request: PackRequest, ctx: Context, cleanup: Cleanup): Promise<WrittenFile[]> {
  await mkdir(request.out, { recursive: true });
  await refuseOverSource(request, ctx);
  await withOutputLock(request.out, ctx, () => forgetSums(request.out, targetNames(request)));
  const target = (format: FormatName): string => join(request.out, artefactName(request.baseName, format));
  const files: WrittenFile[] = [];
  if (needsVmdk(request.formats)) {
    const folder = await temporaryFolder(request.out, '.vmdk-', cleanup);
    ctx.events.progress('compressing the disk');
    const vmdk = await writeVmdk(request.disk, join(folder, vmdkName(request.baseName)), levelOf(request), ctx, cleanup);
    if (request.formats.includes('ova')) files.push(...(await packOva(request, vmdk, target('ova'), ctx, cleanup)));
    if (request.formats.includes('vagrant-virtualbox')) {
      const disk = { ...vmdk, fileName: basename(vmdk.file) };
      const box = { ...request, provider: 'virtualbox', disk, target: target('vagrant-virtualbox') } as const;
      files.push(await writeBox(box, ctx, cleanup));
    }
    if (request.formats.includes('vmdk')) files.push(await moveVmdk(vmdk, target('vmdk')));
  }
  if (request.formats.includes('qcow2')) {
    ctx.events.progress('writing qcow2');
    files.push(await writeQcow2(request.disk, target('qcow2'), request.compression, ctx, cleanup));
  }
  if (request.formats.includes('vagrant-libvirt')) {
    ctx.events.progress('writing the box of libvirt');
    files.push(await packLibvirtBox(request, target('vagrant-libvirt'), ctx, cleanup));
  }
  if (request.formats.includes('raw')) {
    ctx.events.progress('writing the raw disk');
    files.push(await writeRaw(request.disk, target('raw'), ctx, cleanup));
  }
  files.push(await withOutputLock(request.out, ctx, () => writeSums(request.out, files)));
  return files;
}

/** Whether one of the formats is made of a VMDK. */
export function needsVmdk(formats: readonly FormatName[]): boolean {
  return formats.some((format) => format === 'ova' || format === 'vmdk' || format === 'vagrant-virtualbox');
}

async function packLibvirtBox(request: PackRequest, target: string, ctx: Context, cleanup: Cleanup): Promise<WrittenFile> {
  const folder = await temporaryFolder(request.out, '.box-', cleanup);
  const { path } = await writeQcow2(request.disk, join(folder, 'box.img'), request.compression, ctx, cleanup);
  const { capacity } = await openSource(ctx, request.disk);
  const disk = { file: path, fileName: 'box.img', capacity, populated: 0 };
  return await writeBox({ ...request, provider: 'libvirt', disk, target }, ctx, cleanup);
}

/** Names of what `request` writes, relative to its folder; SHA256SUMS last. */
function targetNames({ baseName, formats, ovaFolder }: PackRequest): string[] {
  const parts = ['ovf', 'mf'].map((ending) => `${baseName}.${ending}`).concat(vmdkName(baseName));
  return [
    ...formats.map((format) => artefactName(baseName, format)),
    ...(ovaFolder && formats.includes('ova') ? parts.map((name) => join(`${baseName}-ova`, name)) : []),
    SUMS,
  ];
}

async function refuseOverSource(request: PackRequest, ctx: Context): Promise<void> {
  const targets = new Map<string, string>();
  for (const name of targetNames(request)) {
    const path = join(request.out, name);
    const real = await realpath(path).catch(() => undefined);
    if (real !== undefined) targets.set(real, path);
  }
  if (targets.size === 0) return;
  await openSource(ctx, request.disk);
  for (const file of await filesOfDisk(ctx, request.disk)) {
    const target = targets.get(await realpath(file).catch(() => file));
    if (target === undefined) continue;
    throw new UserError(`${target} would take the place of the disk that is packed`, {
      exitCode: ExitCode.usage,
      why: file === request.disk ? 'the disk is only read' : `${request.disk} is read from it, too`,
      remedies: ['name another folder: --out FOLDER', 'or give the files another name: --name NAME'],
    });
  }
}

/** File name of an artefact. */
export function artefactName(baseName: string, format: FormatName): string {
  return format === 'vmdk' ? vmdkName(baseName) : `${baseName}.${EXTENSIONS[format]}`;
}

/** Name of the disk in an OVA: VMware numbers them from 1. */
export function vmdkName(baseName: string): string {
  return `${baseName}-disk1.vmdk`;
}

async function packOva(request: PackRequest, vmdk: VmdkResult, target: string, ctx: Context, cleanup: Cleanup): Promise<WrittenFile[]> {
  const ova = {
    baseName: request.baseName,
    vmdk: { ...vmdk, fileName: basename(vmdk.file) },
    ovf: request.ovf,
    mtime: request.mtime,
    target,
  };
  const archive = await assembleOva(ova, ctx, cleanup);
  return request.ovaFolder ? [archive, ...(await leaveParts(ova, join(request.out, `${request.baseName}-ova`)))] : [archive];
}

/** The OVA's parts as files: for clients that take a folder, and for a look. */
export async function leaveParts(ova: Parameters<typeof ovaParts>[0], folder: string): Promise<WrittenFile[]> {
  const { ovf, mf } = ovaParts(ova);
  const parts: WrittenFile[] = [];
  for (const { name, text } of [ovf, mf]) {
    await writeFileAtomic(join(folder, name), text);
    parts.push({ path: join(folder, name), bytes: Buffer.byteLength(text), sha256: sha256(text) });
  }
  const disk = join(folder, ova.vmdk.fileName);
  await copyWhole(ova.vmdk.file, disk);
  parts.push({ path: disk, bytes: ova.vmdk.size, sha256: ova.vmdk.sha256 });
  return parts;
}

/** Copies a file so that it appears whole; a clone of its blocks where the file system can. */
export async function copyWhole(from: string, to: string): Promise<void> {
  const partial = temporaryBeside(to);
  try {
    await copyFile(from, partial, constants.COPYFILE_FICLONE);
    await rename(partial, to);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

async function moveVmdk(vmdk: VmdkResult, target: string): Promise<WrittenFile> {
  await rename(vmdk.file, target);
  return { path: target, bytes: vmdk.size, sha256: vmdk.sha256 };
}

function levelOf(request: PackRequest): { level?: number } {
  return request.level === undefined ? {} : { level: request.level };
}
