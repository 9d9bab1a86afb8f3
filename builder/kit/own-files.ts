/** Our own files as an archive: so that a maintainer's umask and user id do not get into an image. */
import { createReadStream, createWriteStream, existsSync, type Stats } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { pack } from 'tar-stream';

/** Mode in an archive, so that the umask of a checkout does not get onto a unit: 0755 for folders and executables, else 0644. */
export function plainMode(info: Stats): number {
  if (info.isSymbolicLink()) return 0o777;
  return info.isDirectory() || (info.mode & 0o111) !== 0 ? 0o755 : 0o644;
}

export interface OwnFilesOptions {
  /** One time for all; each file's own where absent. */
  mtime?: Date;
  /** Whose the entry of that name is; root's where absent. */
  idsOf?: (name: string) => { uid: number; gid: number };
}

/** Writes everything below `folder` as a tar: owner root, mode 0644, or 0755 for folders and executables. A missing folder counts as empty. */
export async function archiveOwnFiles(folder: string, file: string, options: OwnFilesOptions = {}): Promise<void> {
  const archive = pack();
  const written = pipeline(archive, createWriteStream(file));
  // With types, because links to folders are followed without them (fs.readdir, `recursive`).
  const found = existsSync(folder) ? await readdir(folder, { recursive: true, withFileTypes: true }) : [];
  const names = found.map((entry) => relative(folder, join(entry.parentPath, entry.name))).sort();
  for (const name of names) {
    const path = join(folder, name);
    const info = await lstat(path);
    const ids = options.idsOf === undefined ? { uid: 0, gid: 0, uname: 'root', gname: 'root' } : options.idsOf(name);
    const header = { name, mode: plainMode(info), mtime: options.mtime ?? info.mtime, ...ids };
    if (info.isDirectory()) archive.entry({ ...header, type: 'directory' });
    else if (info.isSymbolicLink()) archive.entry({ ...header, type: 'symlink', linkname: await readlink(path) });
    else await pipeline(createReadStream(path), archive.entry({ ...header, size: info.size }));
  }
  archive.finalize();
  await written;
}
