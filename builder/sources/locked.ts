/** Artifacts are always held to their hash. */
import { ExitCode, type Problem, UserError } from '../kit/errors.ts';
import type { LockedArtifact } from './source.ts';

/** @throws UserError(source) with every difference between what lock.json says and what was found. */
export function holdToLock(name: string, locked: LockedArtifact, found: LockedArtifact): void {
  const problems = compareFiles(locked, found);
  if (problems.length === 0) return;
  throw new UserError(`Artifact ${name} is not what lock.json says`, {
    exitCode: ExitCode.source,
    problems,
    remedies: ['if the change is wanted: unitsmith lock', `or take a file of your own for one bake: --artifact ${name}=PATH`],
  });
}

/** The differences, in the order of file names. */
export function compareFiles(locked: LockedArtifact, found: LockedArtifact): Problem[] {
  const wanted = new Map(locked.files.map((file) => [file.name, file.sha256]));
  const have = new Map(found.files.map((file) => [file.name, file.sha256]));
  return [...new Set([...wanted.keys(), ...have.keys()])].sort().flatMap((file): Problem[] => {
    const want = wanted.get(file);
    const got = have.get(file);
    if (want === got) return [];
    if (want === undefined) return [{ message: `${file} is not in the lock` }];
    if (got === undefined) return [{ message: `${file} is in the lock and not in the artifact` }];
    return [{ message: `${file}: wanted sha256 ${want}, found ${got}` }];
  });
}
