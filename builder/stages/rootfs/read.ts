/** What the customize hook wrote about a root file system, read back as data. */
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { ExitCode, type Problem, UserError } from '../../kit/errors.ts';
import type { RootfsOutput } from '../rootfs.ts';

export interface InstalledPackage {
  name: string;
  version: string;
  architecture: string;
  /** Source package, whose exact version the copyleft licences ask to name. */
  source: string;
  sourceVersion: string;
  installedBytes: number;
}

/** @throws Error where a file is missing: the folder is damaged. */
export async function readRootfs(folder: string): Promise<RootfsOutput> {
  const kernelVersion = newestKernel((await readFile(join(folder, 'kernels'), 'utf8')).trim().split('\n'));
  const output: RootfsOutput = {
    tar: join(folder, 'rootfs.tar'),
    kernelVersion,
    kernel: join(folder, `vmlinuz-${kernelVersion}`),
    initrd: join(folder, `initrd.img-${kernelVersion}`),
    packages: parsePackages(await readFile(join(folder, 'packages.tsv'), 'utf8')),
    installedBytes: Number(await readFile(join(folder, 'installed-bytes'), 'utf8')),
    cloudInitSchemas: join(folder, 'cloud-init-schemas'),
  };
  for (const path of [output.tar, output.kernel, output.initrd, output.cloudInitSchemas]) await access(path);
  return output;
}

/** An image has one kernel; were there two, GRUB's order decides: numbers compared as numbers. */
export function newestKernel(versions: readonly string[]): string {
  const newest = [...versions].sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1);
  if (newest === undefined || newest === '') throw new Error('the root file system has no kernel');
  return newest;
}

/** Lines of dpkg-query (see templates/rootfs/customize.sh); packages that are not fully installed do not count. */
export function parsePackages(text: string): InstalledPackage[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('ii'))
    .map((line) => {
      const [, name = '', version = '', architecture = '', source = '', sourceVersion = '', kibibytes = '0'] = line.split('\t');
      return { name, version, architecture, source, sourceVersion, installedBytes: Number(kibibytes) * 1024 };
    });
}

/** @throws UserError(bake) where apt installed something else than was resolved. */
export function checkInstalled(wanted: readonly { name: string; version: string }[], installed: readonly InstalledPackage[]): void {
  const have = new Map(installed.map(({ name, version }) => [name, version]));
  const want = new Map(wanted.map(({ name, version }) => [name, version]));
  const problems: Problem[] = [];
  for (const [name, version] of want) {
    const found = have.get(name);
    if (found !== version) problems.push({ message: `${name}: ${version} was resolved, ${found ?? 'nothing'} is installed` });
  }
  for (const name of have.keys()) if (!want.has(name)) problems.push({ message: `${name} is installed, and was not resolved` });
  if (problems.length === 0) return;
  throw new UserError('The installed packages are not those that were resolved', {
    exitCode: ExitCode.bake,
    problems,
    remedies: ['resolve again: unitsmith bake IMAGE --update'],
  });
}
