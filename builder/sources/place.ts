/** Puts files, folders and unpacked archives below a folder that stands for the unit's root. */
import { chmod, cp, lstat, mkdir, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { run } from '../kit/command.ts';
import type { Context } from '../kit/context.ts';
import { ExitCode, ToolError, UserError } from '../kit/errors.ts';
import { folderBelow } from './inside.ts';
import { hashOf } from './override.ts';
import type { FetchedArtifact, PlacedOwner } from './source.ts';

/** Folder, in what `fetch` wrote, that holds the artifact's one file or folder. */
export const CONTENT = 'content';

/** Copies a file or folder into what `fetch` gives. */
export async function keep(from: string, kind: string, folder: string): Promise<FetchedArtifact> {
  const name = basename(from);
  await mkdir(join(folder, CONTENT), { recursive: true });
  await cp(from, join(folder, CONTENT, name), { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  const sha256 = await hashOf(from);
  return { locked: { kind, files: [{ name, sha256 }] }, components: [{ type: 'file', name, sha256 }] };
}

/** Path of the one thing in `folder`. */
export async function onlyEntry(folder: string): Promise<string> {
  const [name, more] = await readdir(folder);
  if (name === undefined || more !== undefined) throw new Error(`${folder} should hold one entry`);
  return join(folder, name);
}

interface Placement {
  /** Folder on the unit. */
  into: string;
  owner?: string;
  /** Unpack the archive `from` instead of copying it. */
  unpack?: boolean;
  /** Folders at the beginning of the archive's paths that are left out. */
  strip?: number;
  /** Name of a file that is copied; its own where absent. */
  as?: string;
}

/**
 * A folder's content and an archive's go into `into` and make `into` the owner's; a single file goes in under its name,
 * and `into` stays whose it was.
 */
export async function placeAt(from: string, placement: Placement, root: string, ctx: Context): Promise<PlacedOwner[]> {
  const { into, owner, as = basename(from) } = placement;
  const target = await folderBelow(root, into);
  const folder = (await lstat(from)).isDirectory();
  if (folder) await cp(from, target, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  else if (placement.unpack === true) await unpack(from, target, placement.strip, ctx);
  else await cp(from, join(target, as), { preserveTimestamps: true });
  if (owner === undefined) return [];
  const whole = folder || placement.unpack === true;
  return [{ path: whole ? into : join(into, as), owner }];
}

/** bsdtar reads tar with every compression, zip and more, and by default refuses paths with `..` and through links. */
export function unpackArgs(archive: string, target: string, strip = 0): string[] {
  const stripped = strip === 0 ? [] : ['--strip-components', String(strip)];
  return ['--extract', ...stripped, '--no-same-owner', '--no-xattrs', '--no-acls', '--no-fflags', '--file', archive, '--directory', target];
}

async function unpack(archive: string, target: string, strip: number | undefined, ctx: Context): Promise<void> {
  try {
    await run(ctx, 'bsdtar', unpackArgs(archive, target, strip));
  } catch (error) {
    if (!(error instanceof ToolError) || error.failure.missing) throw error;
    throw new UserError(`${basename(archive)} cannot be unpacked`, {
      exitCode: ExitCode.source,
      remedies: ['`unpack: true` is for tar and zip archives; leave it out to copy the file as it is'],
      excerpt: { title: 'bsdtar', lines: error.failure.tail },
      cause: error,
    });
  }
}

/** Folders and programs 0755, files 0644: modes in archives are whatever their authors had, and others what this user's umask is. */
export async function normaliseModes(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await normaliseModes(path);
    else if (entry.isFile()) await chmod(path, ((await stat(path)).mode & 0o111) === 0 ? 0o644 : 0o755);
  }
}
