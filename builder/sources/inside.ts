/** Paths that a definition names must be in the image's folder, links followed. */
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

import { ExitCode, UserError } from '../kit/errors.ts';

/**
 * The absolute path of `path` in the image's folder.
 * @throws UserError(definition) where it is missing, or it or something below it is a link that leads out.
 */
export async function insideImage(imageFolder: string, path: string, artifact: string): Promise<string> {
  const root = await realpath(imageFolder);
  const full = join(root, path);
  await mustBeInside(root, full, path, artifact);
  if ((await stat(full)).isDirectory()) {
    for (const entry of await readdir(full, { withFileTypes: true, recursive: true })) {
      const below = join(entry.parentPath, entry.name);
      if (entry.isSymbolicLink()) await mustBeInside(root, below, relative(root, below), artifact);
    }
  }
  return full;
}

async function mustBeInside(root: string, full: string, path: string, artifact: string): Promise<void> {
  const real = await realpath(full).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'ELOOP') throw missing(root, path, artifact);
    throw error;
  });
  if (real !== root && !real.startsWith(root + sep)) {
    throw new UserError(`Artifact ${artifact}: ${path} leads out of the image's folder`, {
      exitCode: ExitCode.definition,
      why: `it is a link to ${real}`,
      remedies: [`copy the file into ${root}`, `or name another file for one bake: --artifact ${artifact}=PATH`],
    });
  }
}

function missing(root: string, path: string, artifact: string): UserError {
  return new UserError(`Artifact ${artifact}: there is no ${path} in the image's folder`, {
    exitCode: ExitCode.definition,
    why: `looked for in ${root}`,
    remedies: ['correct the path in image.yaml', `or name a file for one bake: --artifact ${artifact}=PATH`],
  });
}
