/** Our own files as an archive: so that a maintainer's umask and user id do not get into an image. */
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { pack } from 'tar-stream';

import { plainMode } from '../../payload/archive.ts';

/** Writes everything below `folder` as a tar: owner root, mode 0644, or 0755 for folders and executables. A missing folder counts as empty. */
export async function archiveOwnFiles(folder: string, file: string): Promise<void> {
  const archive = pack();
  const written = pipeline(archive, createWriteStream(file));
  const names = existsSync(folder) ? (await readdir(folder, { recursive: true })).sort() : [];
  for (const name of names) {
    const path = join(folder, name);
    const info = await lstat(path);
    const header = { name, mode: plainMode(info), uid: 0, gid: 0, uname: 'root', gname: 'root', mtime: info.mtime };
    if (info.isDirectory()) archive.entry({ ...header, type: 'directory' });
    else if (info.isSymbolicLink()) archive.entry({ ...header, type: 'symlink', linkname: await readlink(path) });
    else await pipeline(createReadStream(path), archive.entry({ ...header, size: info.size }));
  }
  archive.finalize();
  await written;
}
