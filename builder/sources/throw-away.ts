/**
 * Runs the code of artifacts in a throw-away system of the guest's own suite, without a network: what it needs comes from the
 * distribution's archive, never from an index, and never gets into an image.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { Cleanup } from '../kit/cleanup.ts';
import { withSystemPath } from '../kit/command.ts';
import type { Context } from '../kit/context.ts';
import { hashData } from '../kit/hash.ts';
import { removeMappedTree, runMapped } from '../tools/namespace.ts';
import { type Archive, openArchive } from './debian/archive.ts';
import { makeRepository } from './debian/repository.ts';
import { type Solution, solve } from './debian/solve.ts';
import type { Guest } from './source.ts';

/** What the suite makes of packages today. */
export interface ThrowAwaySystem {
  /** Debian packages, beside the essential ones. */
  packages: readonly string[];
  archive: Archive;
  solution: Solution;
  offline: boolean;
}

export interface ThrowAway {
  /** An empty folder that goes away. */
  work: string;
  system: ThrowAwaySystem;
  /** Run by sh as root of the namespace, with the tree as `$1`. Everything else comes by `environment`, so that no path is ever part of a script. */
  script: string;
  environment: Readonly<Record<string, string>>;
}

/** @throws UserError(definition | source) where there is no such system. */
export async function solveThrowAway(packages: readonly string[], guest: Guest, ctx: Context): Promise<ThrowAwaySystem> {
  const archive = await openArchive(guest.base, { ...guest.archive, update: false }, ctx);
  return { packages, archive, solution: await solve(archive, packages, [], ctx), offline: guest.archive.offline ?? false };
}

/** All that decides what a script makes of its input there: for what is kept of it (`downloads/built`). */
export function throwAwayHash({ packages, solution }: ThrowAwaySystem, script: string): string {
  return hashData({ files: solution.packages.map(({ sha256 }) => sha256), arguments: throwAwayArguments(packages, script, '') });
}

/** @throws ToolError where the script fails. */
export async function runThrowAway(request: ThrowAway, ctx: Context, cleanup: Cleanup): Promise<void> {
  const [repository, tree] = [join(request.work, 'repository'), join(request.work, 'tree')];
  for (const folder of [repository, tree]) await mkdir(folder);
  cleanup.add('throw-away system', () => removeMappedTree(ctx, tree));
  const { packages, archive, solution, offline } = request.system;
  await makeRepository(solution, repository, { archive, offline, debs: [] }, ctx);
  const environment = {
    LANG: 'C.UTF-8',
    HOME: '/root',
    PATH: withSystemPath(ctx.env.PATH),
    TMPDIR: tree,
    ...request.environment,
  };
  const assignments = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const args = throwAwayArguments(packages, request.script, repository);
  await runMapped(ctx, 'env', ['-i', ...assignments, 'mmdebstrap', ...args], { isolated: true });
}

/** Exported for its test. */
export function throwAwayArguments(packages: readonly string[], script: string, repository: string): string[] {
  return [
    ...['--mode=root', '--variant=essential', '--format=null', '--aptopt=APT::Sandbox::User "root"', '--dpkgopt=force-unsafe-io'],
    '--dpkgopt=path-exclude=/usr/share/man/*',
    '--dpkgopt=path-exclude=/usr/share/locale/*/LC_MESSAGES/*',
    ...[`--include=${['apt', ...packages].join(',')}`, `--customize-hook=${script}`],
    ...['', '/dev/null', `deb [trusted=yes] copy:${encodeURI(repository)} ./`],
  ];
}
