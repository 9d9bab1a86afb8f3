/**
 * The root file system of a container, from Debian packages as the unit's own: by mmdebstrap, without a network, in user
 * namespaces, with the same clean-up (templates/rootfs/). Made once for the same packages.
 */
import { existsSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Cleanup } from '../../kit/cleanup.ts';
import { withSystemPath } from '../../kit/command.ts';
import type { Context } from '../../kit/context.ts';
import { ExitCode, ToolError, UserError } from '../../kit/errors.ts';
import { temporaryFolder } from '../../kit/files.ts';
import { hashData, hashTree } from '../../kit/hash.ts';
import { archiveOwnFiles } from '../../kit/own-files.ts';
import { templatePath } from '../../kit/paths.ts';
import { newestDeb } from '../../tools/deb.ts';
import { hooksHash, mmdebstrapArguments } from '../../tools/mmdebstrap.ts';
import { removeMappedTree, runMapped } from '../../tools/namespace.ts';
import type { ResolvedPackage } from '../debian/stanza.ts';
import { markUsed } from '../kept.ts';

export interface RootRequest {
  artifact: string;
  /** Names given to mmdebstrap. */
  requested: readonly string[];
  /** Those and all that they depend on. */
  packages: readonly Pick<ResolvedPackage, 'filename' | 'sha256'>[];
  /** Folder with `./Packages` and at least these packages. */
  repository: string;
  /** Text of /etc/apt/sources.list. */
  sources: string;
}

export interface ContainerRoot {
  tar: string;
  /** The time of all that was born at install: that of the newest package, so that the same packages give the same bytes. */
  time: Date;
}

/** @throws UserError(bake) where the packages cannot be installed. */
export async function makeRoot(request: RootRequest, ctx: Context, cleanup: Cleanup): Promise<ContainerRoot> {
  const own = templatePath('container');
  const key = hashData({
    packages: request.packages.map(({ sha256 }) => sha256).sort(),
    requested: [...request.requested].sort(),
    sources: request.sources,
    scripts: [await hooksHash(), await hashTree(own)],
  });
  const time = (await newestDeb(request.packages.map(({ filename }) => join(request.repository, 'pool', filename)))) ?? new Date(0);
  const stored = join(ctx.cacheDir, 'downloads', 'built', `${key}.tar`);
  if (!existsSync(stored)) await install(request, stored, time, ctx, cleanup);
  await markUsed(stored);
  return { tar: stored, time };
}

async function install(request: RootRequest, stored: string, time: Date, ctx: Context, cleanup: Cleanup): Promise<void> {
  const work = await temporaryFolder(join(ctx.cacheDir, 'tmp'), 'container-', cleanup);
  cleanup.add(`work folder ${work}`, () => removeMappedTree(ctx, work));
  const before = join(work, 'before.tar');
  await archiveOwnFiles(templatePath('container', 'before-install'), before);
  const sources = join(work, 'sources.list');
  const out = join(work, 'out');
  await mkdir(out);
  await writeFile(sources, request.sources);
  const output = join(work, 'root.tar');
  const args = mmdebstrapArguments({
    packages: request.requested,
    repository: request.repository,
    output,
    setupScript: templatePath('rootfs', 'setup.sh'),
    customizeScript: templatePath('rootfs', 'customize.sh'),
    dpkgOptions: [templatePath('container', 'before-install', 'etc', 'dpkg', 'dpkg.cfg.d', '50-container')],
  });
  const environment = {
    LANG: 'C.UTF-8',
    LC_ALL: 'C.UTF-8',
    HOME: '/root',
    PATH: withSystemPath(ctx.env.PATH),
    TMPDIR: work,
    SOURCE_DATE_EPOCH: String(time.getTime() / 1000),
    UNITSMITH_BEFORE: before,
    UNITSMITH_SOURCES: sources,
    UNITSMITH_OUT: out,
  };
  const assignments = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  ctx.events.progress(`installing ${request.packages.length} packages into container ${request.artifact}`);
  try {
    await runMapped(ctx, 'env', ['-i', ...assignments, 'mmdebstrap', ...args], { isolated: true, grace: 30 });
  } catch (error) {
    throw error instanceof ToolError && !error.failure.missing ? notInstalled(request.artifact, error) : error;
  }
  await mkdir(join(stored, '..'), { recursive: true });
  await rename(output, stored);
}

function notInstalled(artifact: string, error: ToolError): UserError {
  return new UserError(`Artifact ${artifact}: the packages of the container cannot be installed`, {
    exitCode: ExitCode.bake,
    remedies: ['take out the package that dpkg names', 'resolve again: unitsmith bake IMAGE --update'],
    excerpt: { title: 'mmdebstrap', lines: error.failure.tail },
    cause: error,
  });
}
