/** Checks of outside programs: that they are there, and new enough. */
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';

import { run, withSystemPath } from '../../kit/command.ts';
import type { Context } from '../../kit/context.ts';
import { ToolError } from '../../kit/errors.ts';
import type { HostCheck, Lack } from '../check.ts';

export interface Program {
  name: string;
  /** Debian package that has it. */
  package: string;
  purpose: string;
  /** Arguments that make it print its version, and the oldest that will do. */
  version?: { args: readonly string[]; oldest: string };
}

export function programCheck(program: Program): HostCheck {
  return { name: program.name, purpose: program.purpose, look: (ctx) => lookFor(program, ctx) };
}

async function lookFor(program: Program, ctx: Context): Promise<Lack | undefined> {
  const { name, version } = program;
  if ((await findProgram(ctx, name)) === undefined) {
    return { severity: 'error', message: `${name} is not installed (it ${program.purpose})`, packages: [program.package] };
  }
  if (version === undefined) return undefined;
  const found = await printedVersion(ctx, name, version.args);
  if (found === undefined) return { severity: 'error', message: `${name} does not tell its version`, packages: [program.package] };
  if (compareVersions(found, version.oldest) >= 0) return undefined;
  return {
    severity: 'error',
    message: `${name} ${found} is too old: ${version.oldest} or later is needed`,
    remedies: [`install ${program.package} of Debian 12 or later`],
  };
}

/** Path of an executable, as execvp(3) would find it; undefined where there is none. */
export async function findProgram(ctx: Context, name: string): Promise<string | undefined> {
  for (const folder of withSystemPath(ctx.env.PATH).split(':')) {
    const path = join(folder, name);
    if (
      await access(path, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return path;
  }
  return undefined;
}

/** The first number with dots that a program prints on either stream; undefined where it prints none or does not run. */
async function printedVersion(ctx: Context, name: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await run(ctx, name, args, { timeout: 30, quiet: true, env: { CHECKPOINT_DISABLE: '1' } });
    return /\d+(\.\d+)+/.exec(`${stdout}\n${stderr}`)?.[0];
  } catch (error) {
    if (error instanceof ToolError) return undefined;
    throw error;
  }
}

/** Negative, zero or positive, number by number. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a.split('.').map(Number), b.split('.').map(Number)];
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
