/** Builds source distributions in a throw-away system, as nobody: what they need are Debian packages (`build_packages`). */
import { cp, mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';

import type { Cleanup } from '../../kit/cleanup.ts';
import type { Context } from '../../kit/context.ts';
import { ExitCode, ToolError, UserError } from '../../kit/errors.ts';
import { temporaryFolder } from '../../kit/files.ts';
import { hashData } from '../../kit/hash.ts';
import { markUsed } from '../kept.ts';
import type { Guest } from '../source.ts';
import { runThrowAway, solveThrowAway, type ThrowAwaySystem, throwAwayHash } from '../throw-away.ts';

const TOOLS = ['python3', 'python3-pip', 'python3-setuptools', 'python3-wheel'];

/** Exported for its test. */
export const BUILD = [
  'set -eu',
  'mkdir -p "$1/build/sdists" "$1/build/wheels"',
  'cp "$UNITSMITH_SDISTS"/* "$1/build/sdists/"',
  'chown -R nobody "$1/build"',
  'chroot --userspec=nobody "$1" env -i PATH=/usr/bin:/bin HOME=/build LANG=C.UTF-8 PIP_CONFIG_FILE=/dev/null SOURCE_DATE_EPOCH=315532800 ' +
    "sh -c 'cd /build && exec python3 -m pip wheel --no-deps --no-index --no-build-isolation --no-cache-dir " +
    "--disable-pip-version-check --progress-bar off --wheel-dir /build/wheels /build/sdists/*'",
  'cp "$1"/build/wheels/*.whl "$UNITSMITH_WHEELS"/',
].join('; ');

export interface BuildRequest {
  artifact: string;
  /** Paths of the source distributions, under their own names, with their hashes. */
  sdists: readonly { path: string; name: string; sha256: string }[];
  packages: readonly string[];
  guest: Guest;
}

/** Paths of the wheels; from the cache where the same was built before. @throws UserError(source) where a build fails */
export async function buildWheels(request: BuildRequest, ctx: Context, cleanup: Cleanup): Promise<string[]> {
  const system = await solveThrowAway([...TOOLS, ...request.packages], request.guest, ctx);
  const key = hashData({ sdists: request.sdists.map((sdist) => sdist.sha256).sort(), system: throwAwayHash(system, BUILD) });
  const stored = join(ctx.cacheDir, 'downloads', 'built', key);
  const names = await readdir(stored).catch(() => undefined);
  if (names === undefined) await build(request, system, stored, ctx, cleanup);
  await markUsed(stored);
  return (await readdir(stored)).sort().map((name) => join(stored, name));
}

async function build(request: BuildRequest, system: ThrowAwaySystem, stored: string, ctx: Context, cleanup: Cleanup): Promise<void> {
  const work = await temporaryFolder(join(ctx.cacheDir, 'tmp'), 'build-', cleanup);
  const [sdists, wheels] = [join(work, 'sdists'), join(work, 'wheels')];
  for (const folder of [sdists, wheels]) await mkdir(folder);
  for (const sdist of request.sdists) await cp(sdist.path, join(sdists, sdist.name));
  const environment = { UNITSMITH_SDISTS: sdists, UNITSMITH_WHEELS: wheels };
  ctx.events.progress(`building ${request.sdists.map((sdist) => sdist.name).join(', ')}`);
  try {
    await runThrowAway({ work, system, script: BUILD, environment }, ctx, cleanup);
  } catch (error) {
    throw error instanceof ToolError && !error.failure.missing ? buildFailed(request, system, error) : error;
  }
  await mkdir(join(stored, '..'), { recursive: true });
  await rename(wheels, stored);
}

function buildFailed(request: BuildRequest, { packages }: ThrowAwaySystem, error: ToolError): UserError {
  return new UserError(`Artifact ${request.artifact}: a source distribution cannot be built`, {
    exitCode: ExitCode.source,
    why: `built were ${request.sdists.map((sdist) => sdist.name).join(', ')}, without a network, with ${packages.join(', ')}`,
    remedies: [
      'name the Debian packages that the build needs under build_packages, such as build-essential, python3-dev, libpq-dev',
      'or take a version that comes as a wheel',
    ],
    excerpt: { title: 'build', lines: error.failure.tail },
    cause: error,
  });
}
