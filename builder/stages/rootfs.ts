/**
 * The root file system: every package of the image installed by mmdebstrap from the fetched repository, without a
 * network and without being root. What is born at install and must not be shared is removed (templates/rootfs/).
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import type { LoadedImage } from '../definition/definition.ts';
import type { Cleanup } from '../kit/cleanup.ts';
import { withSystemPath } from '../kit/command.ts';
import type { Context } from '../kit/context.ts';
import { hashTree, sha256 } from '../kit/hash.ts';
import { archiveOwnFiles } from '../kit/own-files.ts';
import { templatePath } from '../kit/paths.ts';
import type { Stage } from '../pipeline/stage.ts';
import { fieldsOf, splitStanzas } from '../sources/debian/stanza.ts';
import { hooksHash, mmdebstrapArguments, packageStep } from '../tools/mmdebstrap.ts';
import { type InMemory, inMemoryWhereRoom, removeMappedTree, runMapped } from '../tools/namespace.ts';
import { explainInstallFailure } from './rootfs/failure.ts';
import { checkInstalled, type InstalledPackage, readRootfs } from './rootfs/read.ts';

export interface RootfsInput {
  image: LoadedImage;
  /** Folder with `./Packages` and exactly the .deb files to install (from the fetch stage). */
  repository: string;
  /** The resolved set: what must be installed in the end, no more and no less. */
  packages: readonly { name: string; version: string; sha256?: string }[];
  /** Names given to apt; the rest of `packages` is what they depend on. */
  requested: readonly string[];
  /** Text of /etc/apt/sources.list on the unit: the distribution's public archive. */
  sources: string;
  /** Folders copied into the tree before anything is unpacked (dpkg's path-excludes): they must hold no package's conffile. */
  systemFiles: readonly string[];
}

export interface RootfsOutput {
  /** Plain tar, numeric owners, extended attributes (GNU tar's --xattrs). */
  tar: string;
  kernelVersion: string;
  kernel: string;
  initrd: string;
  packages: InstalledPackage[];
  /** Bytes that the installed files take on disk. */
  installedBytes: number;
  /** Folder with the JSON schemas of this image's cloud-init; empty where it has none. */
  cloudInitSchemas: string;
}

export const rootfsStage: Stage<RootfsInput, RootfsOutput> = {
  name: 'rootfs',
  inputs: async (input) => ({
    base: { ...input.image.definition.base },
    packages: input.packages.map(({ name, version, sha256: hash }) => [name, version, hash ?? null]),
    requested: [...input.requested].sort(),
    sources: sha256(input.sources),
    systemFiles: await Promise.all(input.systemFiles.map((folder) => hashTree(folder))),
    own: await hooksHash(),
  }),
  run: makeRootfs,
  open: (folder) => readRootfs(folder),
};

async function makeRootfs(input: RootfsInput, folder: string, ctx: Context, cleanup: Cleanup): Promise<void> {
  const work = join(folder, 'work');
  cleanup.add(`work folder ${work}`, () => removeMappedTree(ctx, work));
  await mkdir(work);
  const archives: string[] = [];
  for (const [index, folder] of [templatePath('rootfs', 'before-install'), ...input.systemFiles].entries()) {
    archives.push(join(work, `before-${index}.tar`));
    await archiveOwnFiles(folder, join(work, `before-${index}.tar`));
  }
  const sources = join(work, 'sources.list');
  await writeFile(sources, input.sources);

  const partial = join(work, 'rootfs.tar');
  const args = mmdebstrapArguments({
    packages: input.requested,
    repository: input.repository,
    output: partial,
    setupScript: templatePath('rootfs', 'setup.sh'),
    customizeScript: templatePath('rootfs', 'customize.sh'),
    dpkgOptions: await dpkgOptions(input.systemFiles),
  });
  // Of mmdebstrap's own, which the tar must not be in: it goes with the file system in memory.
  const temporary = join(work, 'tmp');
  await mkdir(temporary);
  const environment = {
    TMPDIR: temporary,
    INITRD: 'No',
    UNITSMITH_BEFORE: archives.join('\n'),
    UNITSMITH_SOURCES: sources,
    UNITSMITH_OUT: folder,
  };
  try {
    const inMemory = await inMemoryWhereRoom(temporary, await mostBytes(input.repository));
    await runInstaller(ctx, args, environment, inMemory, input.packages.length);
  } catch (error) {
    throw await explainInstallFailure(error, folder);
  }
  await rename(partial, join(folder, 'rootfs.tar'));
  await rm(work, { recursive: true, force: true });
  checkInstalled(input.packages, (await readRootfs(folder)).packages);
}

/** Absolute paths of the files for dpkg.cfg.d in `folders`, in the order of their names, as dpkg reads them. */
async function dpkgOptions(folders: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const folder of folders) {
    const options = join(folder, 'etc', 'dpkg', 'dpkg.cfg.d');
    if (existsSync(options)) files.push(...(await readdir(options)).map((name) => join(options, name)));
  }
  return files.sort((a, b) => (basename(a) < basename(b) ? -1 : 1));
}

/** What maintainer scripts make beside the files of packages: the initramfs, caches of fonts and of other things. */
const MADE = 2 ** 30;

/** Bytes of the tree at the most: apt's copies of the packages in `repository`, and all that they say they take. */
async function mostBytes(repository: string): Promise<number> {
  const sizes = splitStanzas(await readFile(join(repository, 'Packages'), 'utf8')).map((stanza) => {
    const fields = fieldsOf(stanza);
    return Number(fields.get('Size') ?? 0) + Number(fields.get('Installed-Size') ?? 0) * 1024;
  });
  return sizes.reduce((sum, bytes) => sum + bytes, MADE);
}

/** With an environment of its own: maintainer scripts must see nothing of the host's proxies, pip or npm settings. */
async function runInstaller(
  ctx: Context,
  args: readonly string[],
  environment: Record<string, string>,
  inMemory: InMemory | undefined,
  total: number,
): Promise<void> {
  const sealed = { LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8', HOME: '/root', PATH: withSystemPath(ctx.env.PATH), ...environment };
  const assignments = Object.entries(sealed).map(([name, value]) => `${name}=${value}`);
  let done = 0;
  await runMapped(ctx, 'env', ['-i', ...assignments, 'mmdebstrap', ...args], {
    isolated: true,
    inMemory,
    onLine: (line) => {
      if (packageStep(line) === undefined) return;
      done += 1;
      ctx.events.progress(`installing packages (${Math.min(Math.ceil(done / 2), total)} of ${total})`, Math.min(done / (2 * total), 1));
    },
  });
}
