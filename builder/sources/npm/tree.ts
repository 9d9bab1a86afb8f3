/** node_modules made of archives: what `npm ci --ignore-scripts` would leave, with no npm in it and the same everywhere. */
import { chmod, lstat, mkdir, readdir, readFile, rm, stat, symlink } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';

import { run } from '../../kit/command.ts';
import type { Context } from '../../kit/context.ts';
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
  for (const entry of project.packages) if (!entry.bundled) await unpackPackage(await archiveOf(entry), join(folder, entry.path), ctx);
  for (const { path, target } of project.links) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await symlink(relative(dirname(join(folder, path)), join(folder, target)), join(folder, path));
  }
  for (const entry of project.packages) await linkPrograms(entry, folder);
}

/** `node_modules/.bin`, beside the package. */
async function linkPrograms({ path, name, bin }: LockedPackage, folder: string): Promise<void> {
  const modules = join(folder, path.slice(0, path.lastIndexOf('node_modules/') + 'node_modules'.length));
  for (const [command, file] of Object.entries(bin)) {
    const program = await makeProgram(join(folder, path), file);
    if (program === undefined) continue;
    const link = join(modules, '.bin', basename(command === '' ? name : command));
    await mkdir(dirname(link), { recursive: true });
    await rm(link, { force: true });
    await symlink(relative(dirname(link), program), link);
  }
}

/** Makes a package's file executable; undefined where it is not there, or not the package's. */
async function makeProgram(own: string, file: string): Promise<string | undefined> {
  const program = resolve(own, file);
  if (!program.startsWith(own + sep) || (await lstat(program).catch(() => undefined))?.isFile() !== true) return undefined;
  await chmod(program, 0o755);
  return program;
}

/** What package.json of an unpacked package says, as far as it is of use here; its programs become executable. */
export async function finishPackage(folder: string): Promise<{ licence: string | undefined }> {
  const data = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { bin?: unknown; license?: unknown };
  const programs = typeof data.bin === 'string' ? [data.bin] : Object.values((data.bin ?? {}) as Record<string, unknown>);
  for (const file of programs) if (typeof file === 'string') await makeProgram(folder, file);
  return { licence: typeof data.license === 'string' ? data.license : undefined };
}

/** Takes away what only building needed. */
export async function pruneModules(project: Project, folder: string): Promise<void> {
  for (const { path } of project.packages.filter(({ dev }) => dev)) await rm(join(folder, path), { recursive: true, force: true });
  const modules = join(folder, 'node_modules');
  for (const leftover of ['.package-lock.json', '.cache']) await rm(join(modules, leftover), { recursive: true, force: true });
  for (const name of await readdir(join(modules, '.bin')).catch(() => [])) {
    const link = join(modules, '.bin', name);
    if ((await stat(link).catch(() => undefined)) === undefined) await rm(link);
  }
}
