/** The files that a vendor delivers for a role: a folder, or an archive taken as it comes. Links and devices in it are left out. */
import { lstat, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { ExitCode, ProgramError, UnitError } from '../../kit/errors.ts';
import { makeFolder } from '../../kit/files.ts';
import type { System } from '../../kit/system.ts';

export interface SourceFile {
  /** Relative, with `/`. */
  path: string;
  mode: number;
  data: Buffer;
}

/** The vendor's files have none for this role. */
export class MissingFolder extends UnitError {}

/** Archives are unpacked here for a moment. */
const WORK = '/run/unit';

/** @throws MissingFolder, and UnitError where `from` is not there, or no archive */
export async function readSource(system: System, from: string, folder?: string): Promise<SourceFile[]> {
  const files = await readAll(system, from);
  if (folder === undefined) return files;
  const below = `${folder.replace(/\/+$/, '')}/`;
  const taken = files.filter(({ path }) => path.startsWith(below));
  if (taken.length > 0) return taken.map((file) => ({ ...file, path: file.path.slice(below.length) }));
  throw new MissingFolder(`${from} has no folder ${folder}`, { exitCode: ExitCode.unit });
}

async function readAll(system: System, from: string): Promise<SourceFile[]> {
  const path = system.path(from);
  const info = await lstat(path).catch((error: unknown) => {
    throw new UnitError(`${from} cannot be read`, { exitCode: ExitCode.unit, cause: error });
  });
  if (info.isDirectory()) {
    const [only = '', ...others] = await readdir(path);
    return others.length === 0 && /\.(tgz|tar\.gz)$/.test(only) ? readAll(system, join(from, only)) : filesOf(path, '');
  }
  await makeFolder(system.path(WORK));
  const folder = await mkdtemp(join(system.path(WORK), 'unpack-'));
  try {
    await system.run('tar', ['--extract', '--gzip', '--no-same-owner', `--directory=${folder}`, `--file=${path}`], { timeout: 120 });
    return await filesOf(folder, '');
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    throw new UnitError(`${from} cannot be unpacked`, {
      exitCode: ExitCode.unit,
      log: error.failure.tail,
      remedies: ['It must be a folder or a .tgz.'],
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function filesOf(root: string, folder: string): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  for (const name of (await readdir(join(root, folder))).sort()) {
    const path = folder === '' ? name : `${folder}/${name}`;
    const info = await lstat(join(root, path));
    if (info.isDirectory()) files.push(...(await filesOf(root, path)));
    else if (info.isFile()) files.push({ path, mode: info.mode & 0o777, data: await readFile(join(root, path)) });
  }
  return files;
}
