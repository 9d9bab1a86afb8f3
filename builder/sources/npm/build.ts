/** Runs a project's install scripts and its build in a throw-away system, as nobody, with the suite's own Node. */
import { existsSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Cleanup } from '../../kit/cleanup.ts';
import type { Context } from '../../kit/context.ts';
import { ExitCode, ToolError, UserError } from '../../kit/errors.ts';
import { temporaryFolder } from '../../kit/files.ts';
import { hashData } from '../../kit/hash.ts';
import { shellWord } from '../../kit/shell-word.ts';
import { markUsed } from '../kept.ts';
import type { Guest } from '../source.ts';
import { runThrowAway, solveThrowAway, type ThrowAwaySystem, throwAwayHash } from '../throw-away.ts';

const TOOLS = ['nodejs', 'npm'];
const TAR = 'tree.tar';

/** Headers of Debian's Node are below /usr, where node-gyp does not look by itself. */
const BUILD = [
  'set -eu',
  'mkdir -p "$1/build"',
  'cp -R "$UNITSMITH_PROJECT" "$1/build/project"',
  'cp "$UNITSMITH_COMMANDS" "$1/build/commands"',
  'chown -R nobody "$1/build"',
  'chroot --userspec=nobody "$1" env -i PATH=/usr/bin:/bin HOME=/build LANG=C.UTF-8 CI=true SOURCE_DATE_EPOCH=315532800 ' +
    'npm_config_offline=true npm_config_audit=false npm_config_fund=false npm_config_update_notifier=false npm_config_nodedir=/usr ' +
    "sh -c 'cd /build/project && exec sh -eu /build/commands'",
  'tar --create --file "$UNITSMITH_RESULT" --directory "$1/build/project" --sort=name --mtime=@315532800 --owner=0 --group=0 --numeric-owner .',
].join('; ');

export interface NpmBuild {
  artifact: string;
  /** The project with its node_modules. */
  folder: string;
  /** Hashes of all that is in it. */
  content: readonly string[];
  scripts: boolean;
  build: readonly string[] | undefined;
  packages: readonly string[];
  guest: Guest;
}

/** Path of a tar of the project afterwards; from the cache where the same was built before. @throws UserError(source) where it fails */
export async function buildProject(request: NpmBuild, ctx: Context, cleanup: Cleanup): Promise<string> {
  const system = await solveThrowAway([...TOOLS, ...request.packages], request.guest, ctx);
  const key = hashData({ kind: 'npm', content: request.content, commands: commandsOf(request), system: throwAwayHash(system, BUILD) });
  const stored = join(ctx.cacheDir, 'downloads', 'built', key);
  if (!existsSync(stored)) await build(request, system, stored, ctx, cleanup);
  await markUsed(stored);
  return join(stored, TAR);
}

function commandsOf({ scripts, build }: NpmBuild): string[] {
  return [...(scripts ? ['npm rebuild'] : []), ...(build === undefined ? [] : [build.map(shellWord).join(' ')])];
}

async function build(request: NpmBuild, system: ThrowAwaySystem, stored: string, ctx: Context, cleanup: Cleanup): Promise<void> {
  const work = await temporaryFolder(join(ctx.cacheDir, 'tmp'), 'npm-build-', cleanup);
  const [commands, result] = [join(work, 'commands'), join(work, 'result')];
  await mkdir(result);
  const lines = commandsOf(request);
  await writeFile(commands, `${lines.join('\n')}\n`);
  const environment = { UNITSMITH_PROJECT: request.folder, UNITSMITH_COMMANDS: commands, UNITSMITH_RESULT: join(result, TAR) };
  ctx.events.progress(`building artifact ${request.artifact}: ${lines.join(', ')}`);
  try {
    await runThrowAway({ work, system, script: BUILD, environment }, ctx, cleanup);
  } catch (error) {
    throw error instanceof ToolError && !error.failure.missing ? failed(request.artifact, lines, system, error) : error;
  }
  await mkdir(join(stored, '..'), { recursive: true });
  await rename(result, stored);
}

function failed(artifact: string, lines: readonly string[], { packages }: ThrowAwaySystem, error: ToolError): UserError {
  return new UserError(`Artifact ${artifact}: the project cannot be built`, {
    exitCode: ExitCode.source,
    why: `run were ${lines.join(', ')}, without a network, with ${packages.join(', ')}`,
    remedies: [
      'name the Debian packages that it needs under build_packages, such as build-essential, python3, libnode-dev',
      'where an install script only fetches something that the image does not need: scripts: false',
    ],
    excerpt: { title: 'build', lines: error.failure.tail },
    cause: error,
  });
}
