/** The payload as a tar: owners by name, because the ids of an image's users are known on the image only. */
import { createReadStream, createWriteStream } from 'node:fs';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Pack, pack } from 'tar-stream';

import { plainMode } from '../kit/own-files.ts';

/** Who owns everything below `path` (absolute, as on the unit): `user` or `user:group`. The longest path wins. */
export interface Ownership {
  path: string;
  owner: string;
}

/**
 * Writes everything below `root` as a ustar archive, names sorted, modes plain. Folders that only lead to a file are left out
 * of it, so that unpacking does not touch those of the image; an empty one is wanted for itself.
 */
export async function writePayload(root: string, owners: readonly Ownership[], file: string): Promise<void> {
  const archive = pack();
  const written = pipeline(archive, createWriteStream(file));
  const filled = fill(archive, root, '', owners).then(
    () => archive.finalize(),
    (error: unknown) => archive.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  await Promise.all([written, filled]);
}

async function fill(archive: Pack, root: string, relative: string, owners: readonly Ownership[]): Promise<void> {
  const entries = (await readdir(join(root, relative), { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = relative === '' ? entry.name : `${relative}/${entry.name}`;
    const info = await lstat(join(root, path));
    const header = { name: path, mode: plainMode(info), mtime: info.mtime, ...ownerOf(`/${path}`, owners) };
    if (entry.isDirectory()) {
      const wanted = isOwnFolder(`/${path}`, owners) || (await readdir(join(root, path))).length === 0;
      if (wanted) await add(archive, { ...header, type: 'directory' });
      await fill(archive, root, path, owners);
    } else if (entry.isSymbolicLink()) {
      await add(archive, { ...header, type: 'symlink', linkname: await readlink(join(root, path)) });
    } else {
      await addFile(archive, { ...header, type: 'file', size: info.size }, join(root, path));
    }
  }
}

/** Most files are small, and a stream for each costs more than its content. */
const SMALL = 2 ** 20;

async function addFile(archive: Pack, header: Parameters<Pack['entry']>[0] & { size: number }, file: string): Promise<void> {
  if (header.size > SMALL) return await pipeline(createReadStream(file), archive.entry(header));
  const content = await readFile(file);
  return new Promise((resolve, reject) => {
    archive.entry({ ...header, size: content.length }, content, (error) => (error ? reject(error) : resolve()));
  });
}

function add(archive: Pack, header: Parameters<Pack['entry']>[0]): Promise<void> {
  return new Promise((resolve, reject) => {
    archive.entry(header, (error) => (error ? reject(error) : resolve()));
  });
}

/** A folder is written where it is the unit's own or belongs to somebody else than root; /etc and such stay as they are. */
function isOwnFolder(path: string, owners: readonly Ownership[]): boolean {
  return path.startsWith('/usr/lib/unit') || owners.some((entry) => path === entry.path || path.startsWith(`${entry.path}/`));
}

/** Exported for its test: the longest matching path decides. */
export function ownerOf(path: string, owners: readonly Ownership[]): { uname: string; gname: string; uid: number; gid: number } {
  let best: Ownership | undefined;
  for (const entry of owners) {
    const matches = path === entry.path || path.startsWith(`${entry.path}/`);
    if (matches && (best === undefined || entry.path.length > best.path.length)) best = entry;
  }
  const [user = 'root', group = user] = (best?.owner ?? 'root').split(':');
  return { uname: user, gname: group, uid: 0, gid: 0 };
}
