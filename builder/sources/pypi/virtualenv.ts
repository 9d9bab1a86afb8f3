/**
 * Makes a virtual environment natively, at its path on the unit, with the image's own interpreter: in a tree that holds
 * just that much of the image's root file system, offline, as nobody, from the wheels that were fetched.
 */
import { cp, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Cleanup } from '../../kit/cleanup.ts';
import { run } from '../../kit/command.ts';
import type { Context } from '../../kit/context.ts';
import { ExitCode, ToolError, UserError } from '../../kit/errors.ts';
import { temporaryFolder } from '../../kit/files.ts';
import { isRoot, removeMappedTree, runMapped } from '../../tools/namespace.ts';
import { pathBelow } from '../inside.ts';
import { parseFileName } from './files.ts';

/**
 * Of the root file system: the interpreter, its library, shared libraries, and the links of the merged /usr; Debian's
 * pip reads the system's certificates even where it needs none.
 */
const NEEDED = [
  'bin',
  'lib',
  'lib64',
  'usr/bin/python3*',
  'usr/bin/env',
  'usr/lib/python3*',
  'usr/lib/*-linux-gnu*/*.so*',
  'usr/lib64',
  'etc/ld.so*',
  'etc/ssl/certs/ca-certificates.crt',
];

/** By number: the tree has no user database, and the host's own need not name it alike. */
const NOBODY = '65534:65534';

/**
 * By compileall, whose own command fails where one file is no Python of today: templates and old tests, which a package may
 * hold and nothing imports. pip passes over these too.
 */
const COMPILE = [
  'import compileall, py_compile, sys',
  'compileall.compile_dir(sys.argv[1], quiet=2, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)',
].join('; ');

export interface VirtualenvRequest {
  artifact: string;
  /** Absolute path on the unit. */
  path: string;
  /** The image's root file system. */
  rootfs: string;
  /** Folder with wheels, and nothing else. */
  wheels: string;
  /** Their file names. */
  names: readonly string[];
  /** pip as a wheel: it runs from there, and stays out of the environment. */
  pip: string;
}

/** Makes it below `root`. @throws UserError(definition) where the wheels do not make a whole. */
export async function makeVirtualenv(request: VirtualenvRequest, root: string, ctx: Context, cleanup: Cleanup): Promise<void> {
  const work = await temporaryFolder(join(ctx.cacheDir, 'tmp'), 'virtualenv-', cleanup);
  const tree = join(work, 'tree');
  cleanup.add('virtual environment', () => removeMappedTree(ctx, tree));
  await mkdir(join(tree, 'build', 'wheels'), { recursive: true });
  await run(ctx, 'bsdtar', extractArgs(request.rootfs, tree));
  for (const folder of ['tmp', request.path]) await mkdir(join(tree, folder), { recursive: true });
  await cp(request.wheels, join(tree, 'build', 'wheels'), { recursive: true });
  await cp(request.pip, join(tree, 'build', 'pip.whl'));
  await writeFile(join(tree, 'build', 'requirements.txt'), `${request.names.map(pinned).join('\n')}\n`);
  ctx.events.progress(`making the virtual environment ${request.path}`);
  // Whatever this user's umask has left of it.
  await runMapped(ctx, 'chmod', ['-R', 'a+rX', tree]);
  await own(NOBODY, ['build', 'tmp', request.path], tree, ctx);
  for (const args of steps(request.path)) await inside(tree, args, request, ctx);
  await own('0:0', [request.path], tree, ctx);
  await rename(join(tree, request.path), await pathBelow(root, request.path));
}

/** Exported for its test. */
export function extractArgs(rootfs: string, tree: string): string[] {
  const patterns = NEEDED.map((pattern) => `./${pattern}`);
  const owner = isRoot() ? [] : ['--no-same-owner'];
  return ['--extract', '--file', rootfs, '--directory', tree, ...owner, '--no-xattrs', '--no-acls', '--no-fflags', ...patterns];
}

async function own(owner: string, folders: readonly string[], tree: string, ctx: Context): Promise<void> {
  await runMapped(ctx, 'chown', ['-R', '--no-dereference', owner, ...folders.map((folder) => join(tree, folder))]);
}

/**
 * The commands, in order. Once wheels are there the environment's own interpreter would run code of theirs as it starts
 * (`.pth` files), or be one of their scripts: what compiles is the system's, the same one, without `site`. Bytecode is
 * checked by nothing but its presence (PEP 552): the files get new times on their way to the unit, and Python would compile
 * all of them again there. Exported for its test.
 */
export function steps(path: string): string[][] {
  const python = `${path}/bin/python3`;
  return [
    ['/usr/bin/python3', '-I', '-m', 'venv', '--without-pip', path],
    [
      ...[python, '-I', '/build/pip.whl/pip', 'install', '--no-index', '--find-links', '/build/wheels', '--no-compile', '--no-cache-dir'],
      ...['--disable-pip-version-check', '--no-warn-script-location', '--progress-bar', 'off'],
      ...['--requirement', '/build/requirements.txt'],
    ],
    ['/usr/bin/python3', '-I', '-S', '-W', 'ignore', '-c', COMPILE, `${path}/lib`],
  ];
}

async function inside(tree: string, args: readonly string[], request: VirtualenvRequest, ctx: Context): Promise<void> {
  const environment = ['-i', 'PATH=/usr/bin:/bin', 'HOME=/tmp', 'LANG=C.UTF-8', 'PIP_CONFIG_FILE=/dev/null'];
  try {
    await runMapped(ctx, 'env', [...environment, '/usr/sbin/chroot', `--userspec=${NOBODY}`, tree, ...args], { isolated: true });
  } catch (error) {
    if (!(error instanceof ToolError) || error.failure.missing) throw error;
    throw new UserError(`Artifact ${request.artifact}: the virtual environment ${request.path} cannot be made`, {
      exitCode: ExitCode.definition,
      remedies: ['name what is missing in the requirements, with its version, and run unitsmith lock'],
      excerpt: { title: args.slice(0, 4).join(' '), lines: error.failure.tail },
      cause: error,
    });
  }
}

function pinned(name: string): string {
  const parsed = parseFileName(name);
  return parsed === undefined ? name : `${parsed.name}==${parsed.version}`;
}
