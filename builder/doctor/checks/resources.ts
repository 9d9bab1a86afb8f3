/** Disk space and memory, before a bake finds out after ten minutes. */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

import { freeBytes } from '../../tools/disk-space.ts';
import { readMemory } from '../../tools/memory.ts';
import type { HostCheck, Lack } from '../check.ts';

const GIB = 2 ** 30;
/** ENOTDIR: a file is in the way, which the check of the folder tells. */
const NOT_THERE = ['ENOENT', 'ENOTDIR'];

/** The nearest folder that exists: space is the same for what will be made in it. */
async function freeAt(folder: string): Promise<number> {
  try {
    return await freeBytes(folder);
  } catch (error) {
    if (!NOT_THERE.includes((error as NodeJS.ErrnoException).code ?? '') || dirname(folder) === folder) throw error;
    return freeAt(dirname(folder));
  }
}

export interface SpaceNeed {
  folder: string;
  bytes: number;
  purpose: string;
  /** Option that names another folder. */
  option: string;
}

export async function lackOfSpace(need: SpaceNeed): Promise<Lack | undefined> {
  const free = await freeAt(need.folder);
  if (free >= need.bytes) return undefined;
  return {
    severity: 'error',
    message: `${gib(free)} are free at ${need.folder}, ${gib(need.bytes)} are needed for ${need.purpose}`,
    remedies: ['see what can go: unitsmith cache list', `or name another folder: ${need.option} FOLDER`],
  };
}

export async function lackOfMemory(bytes: number): Promise<Lack | undefined> {
  const memory = await readMemory();
  const available = memory.available + memory.swap;
  if (available >= bytes) return undefined;
  return {
    severity: 'error',
    message: `${gib(available)} of memory are available, ${gib(bytes)} are needed for virtual machines`,
    remedies: ['end other programs, or use a larger machine'],
  };
}

function gib(bytes: number): string {
  return `${(bytes / GIB).toFixed(1)} GiB`;
}

/** What an image of usual size takes: downloads, root file system, disks before and after the bake, artefacts. */
const USUAL_SPACE = 10 * GIB;
const USUAL_MEMORY = 2.5 * GIB;

export const spaceCheck: HostCheck = {
  name: 'disk-space',
  purpose: 'keeps downloads and results',
  look: (ctx) => lackOfSpace({ folder: ctx.cacheDir, bytes: USUAL_SPACE, purpose: 'the cache', option: '--cache-dir' }),
};

export const memoryCheck: HostCheck = { name: 'memory', purpose: 'runs virtual machines', look: () => lackOfMemory(USUAL_MEMORY) };

/** Made before anything is written, so that a folder that cannot be written is known at once. */
export const cacheFolderCheck: HostCheck = {
  name: 'cache-folder',
  purpose: 'keeps downloads and results',
  async look(ctx) {
    try {
      await mkdir(ctx.cacheDir, { recursive: true });
      return undefined;
    } catch (error) {
      return {
        severity: 'error',
        message: `the cache folder cannot be made: ${(error as Error).message}`,
        remedies: ['name another: --cache-dir FOLDER'],
      };
    }
  },
};
