/** `--artifact NAME=PATH`: a file or folder that stands in for an artifact. */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { similarNames } from '../../firstboot/settings/nearest.ts';
import { ExitCode, UserError } from '../kit/errors.ts';
import { hashTree, sha256File } from '../kit/hash.ts';

export interface Override {
  /** Absolute. */
  path: string;
  /** Of the file, or of the folder as a tree (`hashTree`). */
  sha256: string;
}

/**
 * Reads the options; the last one of a name counts.
 * @param names the definition's artifacts
 * @throws UserError(usage) for a name that the image does not have, or a path that is not there
 */
export async function readOverrides(specs: readonly string[], names: readonly string[]): Promise<Record<string, Override>> {
  const overrides: Record<string, Override> = {};
  for (const spec of specs) {
    const [, name, given] = /^([^=]+)=(.+)$/s.exec(spec) ?? [];
    if (name === undefined || given === undefined) {
      throw usage(`--artifact ${spec}: NAME=PATH is wanted`, ['unitsmith bake IMAGE --artifact app=./app.tar.gz']);
    }
    if (!names.includes(name)) throw unknownName(name, names);
    const path = resolve(given);
    if ((await stat(path).catch(() => undefined)) === undefined)
      throw usage(`--artifact ${name}: there is no ${path}`, ['correct the path']);
    overrides[name] = { path, sha256: await hashOf(path) };
  }
  return overrides;
}

/** SHA-256 of a file, or of a folder as a tree. */
export async function hashOf(path: string): Promise<string> {
  return (await stat(path)).isDirectory() ? await hashTree(path) : await sha256File(path);
}

function unknownName(name: string, names: readonly string[]): UserError {
  const similar = similarNames(name, names);
  const remedies = similar.length > 0 ? [`did you mean ${similar.join(', ')}?`] : [];
  return usage(`--artifact ${name}: the image has no such artifact`, [
    ...remedies,
    names.length === 0 ? 'it has no artifacts at all' : `it has ${names.join(', ')}`,
  ]);
}

function usage(message: string, remedies: string[]): UserError {
  return new UserError(message, { exitCode: ExitCode.usage, remedies });
}
