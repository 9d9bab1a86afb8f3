/** node_modules made of archives: what `npm ci --ignore-scripts` would leave, with no npm in it and the same everywhere. */
import { chmod, lstat, mkdir, readdir, readFile, rm, stat, symlink } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';

import { run } from '../../kit/command.ts';
import type { Context } from '../../kit/context.ts';
import { folderBelow, isWithin, pathBelow } from '../inside.ts';
import { normaliseModes, unpackArgs } from '../place.ts';
import type { LockedPackage, Project } from './package-lock.ts';

/** Unpacks one package: archives have one folder at their top, mostly `package`. */
export async function unpackPackage(archive: string, target: string, ctx: Context): Promise<void> {
  await mkdir(target, { recursive: true });
  await run(ctx, 'bsdtar', unpackArgs(archive, target, 1), { quiet: true });
  await normaliseModes(target);
}

/** @param archiveOf path of a package's archive */
export async function makeModules(
  project: Project,
  folder: string,
  archiveOf: (entry: LockedPackage) => Promise<string>,
  ctx: Context,
): Promise<void> {
  // In the order of paths: a package's folder is there before those within it.
  for (const entry of project.packages)
    if (!entry.bundled) await unpackPackage(await archiveOf(entry), await folderBelow(folder, entry.path), ctx);
  for (const { path, target } of project.links) {
    await symlink(relative(dirname(join(folder, path)), join(folder, target)), await pathBelow(folder, path));
  }
  for (const entry of project.packages) await linkPrograms(entry, folder);
}

/** `node_modules/.bin`, beside the package. */
async function linkPrograms({ path, name, bin }: LockedPackage, folder: string): Promise<void> {
  const modules = path.slice(0, path.lastIndexOf('node_modules/') + 'node_modules'.length);
  for (const [command, file] of Object.entries(bin)) {
    const program = await makeProgram(folder, path, file);
    if (program === undefined) continue;
    const link = await pathBelow(folder, join(modules, '.bin', basename(command === '' ? name : command)));
    await rm(link, { force: true });
    await symlink(relative(join(folder, modules, '.bin'), program), link);
  }
}

/** Makes the file of a package below `root` executable; undefined where it is not there, or not the package's. */
async function makeProgram(root: string, path: string, file: string): Promise<string | undefined> {
  const own = join(root, path);
  const program = resolve(own, file);
  const isFile = (await lstat(program).catch(() => undefined))?.isFile() === true;
  if (!program.startsWith(own + sep) || !isFile || !(await isWithin(root, program))) return undefined;
  await chmod(program, 0o755);
  return program;
}

/** What package.json of an unpacked package says, as far as it is of use here; its programs become executable. */
export async function finishPackage(folder: string): Promise<{ licence: string | undefined }> {
  const data = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { bin?: unknown; license?: unknown };
  const programs = typeof data.bin === 'string' ? [data.bin] : Object.values((data.bin ?? {}) as Record<string, unknown>);
  for (const file of programs) if (typeof file === 'string') await makeProgram(folder, '', file);
  return { licence: typeof data.license === 'string' ? data.license : undefined };
}

/** Takes away what only building needed. What a build made a link stays: removal must not follow it to this machine's own files. */
export async function pruneModules(project: Project, folder: string): Promise<void> {
  const modules = join(folder, 'node_modules');
  if (!(await isWithin(folder, modules))) return;
  for (const { path } of project.packages.filter(({ dev }) => dev)) {
    if (await isWithin(folder, dirname(join(folder, path)))) await rm(join(folder, path), { recursive: true, force: true });
  }
  for (const leftover of ['.package-lock.json', '.cache']) await rm(join(modules, leftover), { recursive: true, force: true });
  for (const name of await readdir(join(modules, '.bin')).catch(() => [])) {
    const link = join(modules, '.bin', name);
    if ((await stat(link).catch(() => undefined)) === undefined) await rm(link);
  }
}
