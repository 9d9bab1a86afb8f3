/** Opens what `pack` writes, and what others write, as a disk that QEMU can boot an overlay of. */
import { createReadStream, createWriteStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar-stream';

import type { Cleanup } from '../kit/cleanup.ts';
import { run } from '../kit/command.ts';
import type { Context } from '../kit/context.ts';
import { ExitCode, UserError } from '../kit/errors.ts';
import { ownedFolder } from '../kit/owner.ts';
import { diskInfo } from '../vm/overlay.ts';

export type ArtefactKind = 'ova' | 'qcow2' | 'vmdk' | 'raw' | 'raw.zst';

export interface Artefact {
  kind: ArtefactKind;
  /** The disk to make overlays of: the file itself, or what was in it. */
  disk: string;
  /** Bytes. */
  virtualSize: number;
}

const HEAD = 1024;

/** @throws UserError(usage) where the file is not there, or nothing that can be booted. */
export async function openArtefact(ctx: Context, file: string, cleanup: Cleanup): Promise<Artefact> {
  const path = resolve(file);
  const kind = kindOf(await readHead(path));
  if (kind === undefined) {
    throw new UserError(`${file} is no disk image that can be booted`, {
      exitCode: ExitCode.usage,
      why: 'it is neither an OVA, a qcow2, a VMDK, nor a raw disk (also compressed with zstd)',
    });
  }
  const disk = await diskOf(ctx, path, kind, cleanup);
  return { kind, disk, virtualSize: (await diskInfo(ctx, disk)).virtualSize };
}

async function diskOf(ctx: Context, path: string, kind: ArtefactKind, cleanup: Cleanup): Promise<string> {
  if (kind !== 'ova' && kind !== 'raw.zst') return path;
  const folder = await ownedFolder(ctx.cacheDir, 'artefact', cleanup);
  if (kind === 'ova') return await extractDisk(path, join(folder, 'disk.vmdk'), ctx.signal);
  const disk = join(folder, 'disk.raw');
  await run(ctx, 'zstd', ['--decompress', '--quiet', '--sparse', '-o', disk, path]);
  return disk;
}

/** Tells the kind by the file's first bytes; names prove nothing. */
export function kindOf(head: Buffer): ArtefactKind | undefined {
  if (head.subarray(0, 4).equals(Buffer.from('QFI\xfb', 'latin1'))) return 'qcow2';
  if (head.subarray(0, 4).toString('latin1') === 'KDMV' || head.subarray(0, 21).toString('latin1') === '# Disk DescriptorFile')
    return 'vmdk';
  if (head.subarray(0, 4).equals(Buffer.from('28b52ffd', 'hex'))) return 'raw.zst';
  if (head.subarray(257, 262).toString('latin1') === 'ustar') return 'ova';
  // The boot signature of a master boot record, which a GPT has in front of it too.
  if (head.length >= 512 && head.readUInt16LE(510) === 0xaa55) return 'raw';
  return undefined;
}

async function readHead(path: string): Promise<Buffer> {
  const info = await stat(path).catch(() => undefined);
  if (info === undefined || !info.isFile()) {
    throw new UserError(`${path} is not there`, {
      exitCode: ExitCode.usage,
      why: info === undefined ? 'no such file' : 'it is not a file',
    });
  }
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD), 0, HEAD, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** The first VMDK of an OVA is its system disk: members stand in the order of the descriptor's references. */
async function extractDisk(ova: string, target: string, signal: AbortSignal): Promise<string> {
  const unpack = extract();
  const reading = pipeline(createReadStream(ova, { highWaterMark: 1 << 20 }), unpack, { signal });
  let found = false;
  try {
    for await (const entry of unpack) {
      const wanted: boolean = !found && /\.vmdk$/i.test(entry.header.name);
      found ||= wanted;
      if (wanted) await pipeline(entry, createWriteStream(target), { signal });
      else entry.resume();
    }
    await reading;
  } catch (error) {
    await reading.catch(() => undefined);
    signal.throwIfAborted();
    throw new UserError(`${ova} cannot be read as an OVA`, { exitCode: ExitCode.usage, why: String(error), cause: error });
  }
  if (!found) throw new UserError(`${ova} has no disk`, { exitCode: ExitCode.usage, why: 'there is no .vmdk in it' });
  return target;
}
