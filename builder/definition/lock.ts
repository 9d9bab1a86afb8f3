/**
 * `images/<name>/lock.json`: the exact packages and artifacts that an image was locked to. `unitsmith lock` alone writes
 * it. Artifacts are held to it; packages move with security updates, and the provenance names the difference.
 */
import { dirname, join } from 'node:path';
import Type, { type Static } from 'typebox';

import { ExitCode, UserError } from '../kit/errors.ts';
import { readIfExists, writeFileAtomic } from '../kit/files.ts';
import { compileSchema } from '../kit/schema.ts';
import { imageWord } from './resolve.ts';

const strict = { additionalProperties: false } as const;
const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' });

export const Lock = Type.Object(
  {
    schemaVersion: Type.Literal(1),
    base: Type.Object({ distribution: Type.String(), suite: Type.String(), architecture: Type.String() }, strict),
    packages: Type.Array(Type.Object({ name: Type.String(), version: Type.String(), sha256: Sha256 }, strict)),
    artifacts: Type.Record(
      Type.String(),
      Type.Object(
        {
          kind: Type.String(),
          files: Type.Array(Type.Object({ name: Type.String(), version: Type.Optional(Type.String()), sha256: Sha256 }, strict)),
        },
        strict,
      ),
    ),
  },
  { ...strict, title: 'Unitsmith lock' },
);
export type Lock = Static<typeof Lock>;

export interface PackageVersion {
  name: string;
  version: string;
}

/** How resolved packages differ from the locked ones; each list in the order of names. */
export interface LockDiff {
  added: PackageVersion[];
  removed: PackageVersion[];
  changed: { name: string; from: string; to: string }[];
}

export function lockPath(imageFolder: string): string {
  return join(imageFolder, 'lock.json');
}

/**
 * The image's lock; undefined where it has none.
 * @throws UserError(definition) where the file is not a lock.
 */
export async function readLock(imageFolder: string): Promise<Lock | undefined> {
  const file = lockPath(imageFolder);
  const text = await readIfExists(file);
  if (text === undefined) return undefined;
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    throw damaged(file, [{ path: '', message: String(error instanceof Error ? error.message : error) }]);
  }
  const violations = compileSchema(Lock)(data);
  if (violations.length > 0) throw damaged(file, violations);
  return data as Lock;
}

/** Writes the lock so that equal content gives equal bytes: everything sorted by name. */
export async function writeLock(imageFolder: string, lock: Lock): Promise<void> {
  await writeFileAtomic(lockPath(imageFolder), lockText(lock));
}

/** Exported for its test. One package or file a line, so that a change reads well in a diff. */
export function lockText(lock: Lock): string {
  const packages = [...lock.packages].sort(byName).map(({ name, version, sha256 }) => `    ${JSON.stringify({ name, version, sha256 })}`);
  const artifacts = Object.entries(lock.artifacts)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, artifact]) => {
      const files = [...artifact.files].sort(byName).map((file) => `        ${JSON.stringify(inOrder(file))}`);
      return `    ${JSON.stringify(name)}: {\n      "kind": ${JSON.stringify(artifact.kind)},\n      "files": ${list(files, '      ')}\n    }`;
    });
  const { distribution, suite, architecture } = lock.base;
  return [
    '{',
    `  "schemaVersion": ${lock.schemaVersion},`,
    `  "base": ${JSON.stringify({ distribution, suite, architecture })},`,
    `  "packages": ${list(packages, '  ')},`,
    `  "artifacts": ${artifacts.length === 0 ? '{}' : `{\n${artifacts.join(',\n')}\n  }`}`,
    '}\n',
  ].join('\n');
}

/** What is in `resolved` and not in the lock, the other way round, and in both with other versions. */
export function diffLock(lock: Pick<Lock, 'packages'>, resolved: readonly PackageVersion[]): LockDiff {
  const before = new Map(lock.packages.map((entry) => [entry.name, entry.version]));
  const after = new Map(resolved.map((entry) => [entry.name, entry.version]));
  const diff: LockDiff = { added: [], removed: [], changed: [] };
  for (const name of [...new Set([...before.keys(), ...after.keys()])].sort()) {
    const from = before.get(name);
    const to = after.get(name);
    if (from === undefined && to !== undefined) diff.added.push({ name, version: to });
    else if (from !== undefined && to === undefined) diff.removed.push({ name, version: from });
    else if (from !== undefined && to !== undefined && from !== to) diff.changed.push({ name, from, to });
  }
  return diff;
}

function list(lines: readonly string[], indent: string): string {
  return lines.length === 0 ? '[]' : `[\n${lines.join(',\n')}\n${indent}]`;
}

function inOrder(file: { name: string; version?: string; sha256: string }): Record<string, string> {
  return { name: file.name, ...(file.version === undefined ? {} : { version: file.version }), sha256: file.sha256 };
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

function damaged(file: string, violations: readonly { path: string; message: string }[]): UserError {
  return new UserError('lock.json is damaged', {
    exitCode: ExitCode.definition,
    problems: violations.map(({ path, message }) => ({ message, where: { file, path } })),
    remedies: [`write it anew: unitsmith lock ${imageWord(dirname(file), process.cwd())}`],
  });
}
