/** What goes wrong in the same way with every kind that is held to lock.json. */
import { ExitCode, UserError } from '../kit/errors.ts';

/** @param why what only the lock pins */
export function notLocked(artifact: string, why: string): UserError {
  return new UserError(`Artifact ${artifact} is not locked`, {
    exitCode: ExitCode.definition,
    why,
    remedies: ['unitsmith lock', 'and commit the lock.json that it writes'],
  });
}

export function notInCache(artifact: string, file: string): UserError {
  return new UserError(`Artifact ${artifact}: ${file} is not in the download cache`, {
    exitCode: ExitCode.source,
    why: '--offline takes only what an earlier run has fetched',
    remedies: ['run once without --offline'],
  });
}

export function wrongFile(artifact: string, file: { name: string; sha256: string }, found: string): UserError {
  return new UserError(`Artifact ${artifact}: ${file.name} is not the file that lock.json names`, {
    exitCode: ExitCode.source,
    why: `wanted sha256 ${file.sha256}, found ${found}; nothing of it was kept`,
    remedies: ['find out why it changed, and only then: unitsmith lock'],
  });
}

/** A program of the host that only some kinds need, and that is not there. */
export function notInstalled(kind: string, program: string, packages: string): UserError {
  return new UserError(`${program} is not installed`, {
    exitCode: ExitCode.host,
    why: `artifacts of kind ${kind} are fetched by it`,
    remedies: [`sudo apt install ${packages}`],
  });
}
