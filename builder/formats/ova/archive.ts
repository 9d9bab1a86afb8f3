/** Puts descriptor, manifest and disk into one tar, hashing it on the way. */
import type { Cleanup } from '../../kit/cleanup.ts';
import type { Context } from '../../kit/context.ts';
import { sha256 } from '../../kit/hash.ts';
import type { WrittenFile } from '../format.ts';
import { writeTar } from '../tar-file.ts';
import { ovfDescriptor } from './descriptor.ts';
import { manifestText } from './manifest.ts';
import type { OvfOptions } from './options.ts';

export interface OvaRequest {
  /** Base name of the parts: `<base>.ovf`, `<base>.mf`, and the disk's own name. */
  baseName: string;
  vmdk: { file: string; fileName: string; sha256: string; size: number; capacity: number; populated: number };
  ovf: OvfOptions;
  /** Time of every member: a fixed one, so that equal input gives equal bytes. */
  mtime: Date;
  target: string;
}

/** The small parts as text. */
export function ovaParts(request: OvaRequest): { ovf: { name: string; text: string }; mf: { name: string; text: string } } {
  const { baseName, vmdk } = request;
  const ovf = { name: `${baseName}.ovf`, text: ovfDescriptor(vmdk, request.ovf) };
  const text = manifestText([
    { name: ovf.name, sha256: sha256(ovf.text) },
    { name: vmdk.fileName, sha256: vmdk.sha256 },
  ]);
  return { ovf, mf: { name: `${baseName}.mf`, text } };
}

/** Writes the OVA: `.ovf` first, then `.mf`, then the disk. It appears only when it is whole. */
export async function assembleOva(request: OvaRequest, ctx: Context, cleanup: Cleanup): Promise<WrittenFile> {
  const { ovf, mf } = ovaParts(request);
  const { vmdk, target, mtime } = request;
  return await writeTar(target, [ovf, mf, { name: vmdk.fileName, file: vmdk.file, size: vmdk.size }], mtime, ctx, cleanup);
}
