/** What is inspected: an OVA, an OVF with its files beside it, or a VMDK alone; each part that there is, opened once. */
import { basename, dirname, join } from 'node:path';

import { ExitCode, UserError } from '../kit/errors.ts';
import { type Archive, contents, looksLikeTar, readArchive } from './archive.ts';
import { Bytes } from './bytes.ts';
import { type Manifest, parseManifest } from './manifest.ts';
import { OVF_NAMESPACE, Ovf, parseXml, type XmlProblem } from './ovf.ts';
import { isSparse } from './sparse-header.ts';
import { Vmdk } from './vmdk.ts';

export type SubjectKind = 'ova' | 'ovf' | 'vmdk';

/** A descriptor that is there, whether it can be read or not. */
export interface DescriptorFile {
  path: string;
  name: string;
  content: { root: Parameters<typeof descriptorNamespace>[0] } | { problem: XmlProblem };
}

export interface Subject {
  kind: SubjectKind;
  path: string;
  /** Only of an OVA. */
  archive: Archive | undefined;
  descriptor: DescriptorFile | undefined;
  /** The descriptor as rules read it; undefined where it is no OVF 1.x. */
  ovf: Ovf | undefined;
  manifest: Manifest | undefined;
  certificate: { path: string; text: string } | undefined;
  disks: readonly Vmdk[];
  /** A part by its name; undefined where there is none. */
  part(name: string): Promise<Bytes | undefined>;
  /** How reports name a part. */
  pathOf(name: string): string;
  signal: AbortSignal;
}

/** A descriptor with a long licence and a hundred properties has some hundred KiB. */
const TEXT_LIMIT = 4 << 20;

/** Opens `path`; `close` closes every file of it. @throws UserError where it is none of the three kinds */
export async function openSubject(path: string, signal: AbortSignal): Promise<{ subject: Subject; close(): Promise<void> }> {
  const opened: Bytes[] = [];
  const open = async (file: string): Promise<Bytes> => {
    const bytes = await Bytes.open(file);
    opened.push(bytes);
    return bytes;
  };
  const close = async (): Promise<void> => {
    for (const bytes of opened) await bytes.close();
  };
  try {
    const bytes = await open(path).catch((error: NodeJS.ErrnoException) => {
      throw new UserError(`${path} cannot be read`, {
        exitCode: ExitCode.usage,
        why: error.message,
        remedies: ['name an .ova, .ovf or .vmdk file'],
      });
    });
    const kind = await kindOf(path, bytes);
    if (kind === 'ova') return { subject: await openParts({ kind, path, signal, ...(await archiveParts(path, bytes)) }), close };
    return { subject: await openParts({ kind, path, signal, archive: undefined, ...folderParts(path, open) }), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** By content first: a wrong ending is no reason to look at the wrong things. */
async function kindOf(path: string, bytes: Bytes): Promise<SubjectKind> {
  const start = await bytes.read(0, 512);
  if (start.length === 0) {
    throw new UserError(`${path} is empty`, { exitCode: ExitCode.usage, remedies: ['fetch or write the file again'] });
  }
  if (start.toString('latin1', 0, 4) === 'KDMV') return 'vmdk';
  if (looksLikeTar(start)) return 'ova';
  if (start.toString('latin1').trimStart().startsWith('<')) return 'ovf';
  const ending = /\.(ova|ovf|vmdk)$/i.exec(path)?.[1]?.toLowerCase();
  if (ending !== undefined) return ending as SubjectKind;
  throw new UserError(`${path} is no OVA, OVF or VMDK`, {
    exitCode: ExitCode.usage,
    remedies: ['unpack it first if it is compressed', 'name an .ova, .ovf or .vmdk file'],
  });
}

interface Parts {
  archive: Archive | undefined;
  descriptorName: string | undefined;
  names: readonly string[];
  part(name: string): Promise<Bytes | undefined>;
  pathOf(name: string): string;
}

async function archiveParts(path: string, bytes: Bytes): Promise<Parts & { archive: Archive }> {
  const archive = await readArchive(path, bytes);
  const members = contents(archive);
  return {
    archive,
    descriptorName: members.find(({ name }) => name.endsWith('.ovf'))?.name,
    names: members.map(({ name }) => name),
    part: async (name) => {
      const member = members.find((candidate) => candidate.name === name);
      return member === undefined ? undefined : bytes.part(member.offset, member.size);
    },
    pathOf: (name) => `${path}/${name}`,
  };
}

/** The files beside a descriptor, or a disk alone; names that lead elsewhere are none of its parts. */
function folderParts(path: string, open: (file: string) => Promise<Bytes>): Omit<Parts, 'archive'> {
  const known = new Map<string, Promise<Bytes | undefined>>();
  const name = basename(path);
  const stem = name.replace(/\.ovf$/i, '');
  return {
    descriptorName: name,
    names: [name, `${stem}.mf`, `${stem}.cert`],
    part: (wanted) => {
      if (wanted === '' || basename(wanted) !== wanted) return Promise.resolve(undefined);
      const bytes = known.get(wanted) ?? open(join(dirname(path), wanted)).catch(() => undefined);
      known.set(wanted, bytes);
      return bytes;
    },
    pathOf: (wanted) => join(dirname(path), wanted),
  };
}

async function openParts(parts: Parts & { kind: SubjectKind; path: string; signal: AbortSignal }): Promise<Subject> {
  const { kind, part, pathOf, descriptorName, names } = parts;
  const common = { kind, path: parts.path, archive: parts.archive, part, pathOf, signal: parts.signal };
  if (kind === 'vmdk') {
    const name = basename(parts.path);
    const disk = await openDisk(await part(name), parts.path, name);
    return {
      ...common,
      descriptor: undefined,
      ovf: undefined,
      manifest: undefined,
      certificate: undefined,
      disks: disk === undefined ? [] : [disk],
    };
  }
  const descriptor = await openDescriptor(parts, descriptorName);
  const root = descriptor !== undefined && 'root' in descriptor.content ? descriptor.content.root : undefined;
  const ovf =
    descriptor !== undefined && root !== undefined && descriptorNamespace(root) === OVF_NAMESPACE
      ? new Ovf(descriptor.path, root)
      : undefined;
  const manifestName = names.find((name) => name.endsWith('.mf'));
  const manifest = await textOf(parts, manifestName);
  const certificateName = names.find((name) => name.endsWith('.cert'));
  const certificate = await textOf(parts, certificateName);
  return {
    ...common,
    descriptor,
    ovf,
    manifest:
      manifest === undefined || manifestName === undefined ? undefined : parseManifest(pathOf(manifestName), manifestName, manifest),
    certificate:
      certificate === undefined || certificateName === undefined ? undefined : { path: pathOf(certificateName), text: certificate },
    disks: await openDisks(parts, ovf),
  };
}

async function openDescriptor(parts: Parts, name: string | undefined): Promise<DescriptorFile | undefined> {
  const bytes = name === undefined ? undefined : await parts.part(name);
  if (bytes === undefined || name === undefined) return undefined;
  const tooLarge = { problem: { message: `it has ${bytes.size} bytes, more than any descriptor needs` } };
  return { path: parts.pathOf(name), name, content: bytes.size > TEXT_LIMIT ? tooLarge : parseXml(await bytes.text()) };
}

/** Disks that the descriptor names; without one, every member that looks like one. */
async function openDisks(parts: Parts, ovf: Ovf | undefined): Promise<Vmdk[]> {
  const wanted = ovf === undefined ? parts.names.filter((name) => name.endsWith('.vmdk')) : ovf.files().map(({ href }) => href);
  const disks: Vmdk[] = [];
  for (const name of new Set(wanted)) {
    const disk = await openDisk(await parts.part(name), parts.pathOf(name), name);
    if (disk !== undefined && (isSparse(disk.header) || name.endsWith('.vmdk'))) disks.push(disk);
  }
  return disks;
}

async function openDisk(bytes: Bytes | undefined, path: string, name: string): Promise<Vmdk | undefined> {
  return bytes === undefined ? undefined : Vmdk.open({ path, name, bytes });
}

async function textOf(parts: Parts, name: string | undefined): Promise<string | undefined> {
  const bytes = name === undefined ? undefined : await parts.part(name);
  return bytes === undefined || bytes.size > TEXT_LIMIT ? undefined : bytes.text();
}

export function descriptorNamespace(root: Ovf['root']): string | null {
  return root.localName === 'Envelope' ? root.namespaceURI : null;
}
