/** Files below one folder, written as a whole: what an earlier writing brought and this one has not goes, and nothing else. */
import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { TreeFile } from '../../contract/cluster.ts';
import { ExitCode, UnitError } from '../../kit/errors.ts';
import { ignoreMissing, makeFolder, readIfExists, removeFile, writeFileAtomic } from '../../kit/files.ts';
import type { System } from '../../kit/system.ts';
import { type Ownership, octal } from '../owner.ts';

/** Which files below which folder were written: JSON, by folder. */
const WRITTEN = '/var/lib/unit/trees.json';

/** What is another than wanted; undefined where nothing is. @throws UnitError for a file that would lie elsewhere */
export async function treeDue(system: System, to: string, files: readonly TreeFile[], owner: Ownership): Promise<string | undefined> {
  onlyBelow(to, files);
  for (const file of files) {
    const why = await difference(system.path(join(to, file.path)), file, owner);
    if (why !== undefined) return `${file.path}: ${why}`;
  }
  const known = files.map(({ path }) => path);
  const gone = (await written(system))[to]?.find((path) => !known.includes(path));
  return gone === undefined ? undefined : `${gone} is not wanted any more`;
}

/** Each file appears whole or not at all. @throws UnitError for a file that would lie elsewhere, before anything is written */
export async function writeTree(system: System, to: string, files: readonly TreeFile[], owner: Ownership): Promise<void> {
  onlyBelow(to, files);
  const names = files.map(({ path }) => path);
  const before = (await written(system))[to] ?? [];
  await keepWritten(system, to, [...new Set([...before, ...names])]);
  for (const file of files) {
    const path = join(to, file.path);
    await onlyFolders(system, to, file.path);
    if ((await difference(system.path(path), file, owner)) === undefined) continue;
    await writeFileAtomic(system.path(path), Buffer.from(file.data, 'base64'), { mode: file.mode, ...owner });
  }
  for (const path of before.filter((each) => !names.includes(each))) {
    await onlyFolders(system, to, path);
    await removeFile(system.path(join(to, path)));
  }
  await keepWritten(system, to, names);
}

export async function removeTree(system: System, to: string): Promise<void> {
  await writeTree(system, to, [], { uid: 0, gid: 0 });
}

async function difference(path: string, { mode, data }: TreeFile, { uid, gid }: Ownership): Promise<string | undefined> {
  const info = await lstat(path).catch(ignoreMissing);
  if (info === undefined) return 'it is not there';
  if (!info.isFile()) return 'it is no plain file';
  if (octal(info.mode) !== octal(mode)) return `its mode is ${octal(info.mode)}`;
  if (info.uid !== uid || info.gid !== gid) return 'its owner is another';
  return (await readFile(path)).toString('base64') === data ? undefined : 'its content is another';
}

/** Names come from a leader, and values of settings are in them: `..` would lead out, or past the folders that are looked at. */
function onlyBelow(to: string, files: readonly TreeFile[]): void {
  const wrong = files.find(({ path }) => path.split('/').includes('..'));
  if (wrong === undefined) return;
  throw new UnitError(`a file would be written outside ${to}: its name ${JSON.stringify(wrong.path)} has ".." in it`, {
    exitCode: ExitCode.step,
    remedies: ['Change the setting that its name is made of.'],
  });
}

/** A product may own a folder in its tree: a link that it planted there must not lead root elsewhere. */
async function onlyFolders(system: System, to: string, path: string): Promise<void> {
  let folder = to;
  for (const name of path.split('/').slice(0, -1)) {
    folder = join(folder, name);
    const info = await lstat(system.path(folder)).catch(ignoreMissing);
    if (info === undefined) return;
    if (!info.isDirectory()) throw new UnitError(`${folder} is there, but it is no folder`, { exitCode: ExitCode.step });
  }
}

async function written(system: System): Promise<Record<string, string[]>> {
  return JSON.parse((await readIfExists(system.path(WRITTEN))) ?? '{}') as Record<string, string[]>;
}

async function keepWritten(system: System, to: string, paths: readonly string[]): Promise<void> {
  const { [to]: _, ...others } = await written(system);
  const text = JSON.stringify(paths.length === 0 ? others : { ...others, [to]: paths });
  await makeFolder(system.path('/var/lib/unit'));
  await writeFileAtomic(system.path(WRITTEN), text, { mode: 0o600 });
}
