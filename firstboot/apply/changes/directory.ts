import type { Stats } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

import { ExitCode, UnitError } from '../../kit/errors.ts';
import { ignoreMissing, makeFolder, openFolder, syncFolder } from '../../kit/files.ts';
import type { System } from '../../kit/system.ts';
import { type Change, DONE, due, type Parameters } from '../change.ts';
import { modeBits, type Ownership, octal, ownership } from '../owner.ts';

type P = Parameters<'directory'>;

/** A folder with owner and mode. The change goes through an open folder: a link planted in its place is refused, not followed. */
export const directory: Change<P> = {
  words: ({ path }) => ({
    en: `The folder ${path} is prepared.`,
    ja: `フォルダー ${path} を準備します。`,
    ru: `Подготавливается каталог ${path}.`,
  }),

  async check(parameters, { system }) {
    const handle = await open(system, parameters.path);
    if (handle === undefined) return due('it is not there');
    try {
      return difference(await handle.stat(), parameters, await wantedOwner(system, parameters)) ?? DONE;
    } finally {
      await handle.close();
    }
  },

  async apply(parameters, { system }) {
    const path = system.path(parameters.path);
    const owner = await wantedOwner(system, parameters);
    await makeFolder(dirname(path));
    const made = await mkdir(path).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'EEXIST') return false;
        throw error;
      },
    );
    const handle = await open(system, parameters.path);
    if (handle === undefined) throw new Error(`${parameters.path} went away`);
    try {
      if (owner !== undefined) await handle.chown(owner.uid, owner.gid);
      if (parameters.mode !== undefined || made) await handle.chmod(modeBits(parameters.mode ?? '0755'));
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (made) await syncFolder(dirname(path));
  },
};

async function open(system: System, path: string): ReturnType<typeof openFolder> {
  return openFolder(system.path(path)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTDIR' && error.code !== 'ELOOP') return ignoreMissing(error);
    throw new UnitError(`${path} is there, but it is no folder`, { exitCode: ExitCode.step });
  });
}

/** Undefined where the step names no owner: an existing folder keeps the one it has. */
async function wantedOwner(system: System, { owner, group }: P): Promise<Ownership | undefined> {
  return owner === undefined && group === undefined ? undefined : ownership(system, owner, group);
}

function difference(info: Stats, parameters: P, owner: Ownership | undefined): { done: false; why: string } | undefined {
  if (owner !== undefined && (info.uid !== owner.uid || info.gid !== owner.gid)) return { done: false, why: 'its owner is another' };
  const mode = octal(info.mode);
  if (parameters.mode !== undefined && mode !== octal(modeBits(parameters.mode))) return { done: false, why: `its mode is ${mode}` };
  return undefined;
}
