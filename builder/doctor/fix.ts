/** Installs Debian packages: with sudo where one is not root, which may ask for a password on the terminal. */
import { existsSync } from 'node:fs';
import { runOnTerminal } from '../kit/command.ts';
import type { Context } from '../kit/context.ts';
import { ExitCode, ToolError, UserError } from '../kit/errors.ts';
import { isRoot } from '../tools/namespace.ts';

/** The command, as it is run and shown. */
export function installCommand(packages: readonly string[], root: boolean): { program: string; args: string[] } {
  const install = ['apt-get', 'install', '--yes', '--no-install-recommends', ...packages];
  const [program = '', ...args] = root ? install : ['sudo', ...install];
  return { program, args };
}

/** @throws UserError(host) where there is no apt-get, or it fails. */
export async function installPackages(ctx: Context, packages: readonly string[]): Promise<void> {
  if (!existsSync('/usr/bin/apt-get')) {
    throw new UserError('Packages can only be installed on Debian and what is made from it', {
      exitCode: ExitCode.host,
      remedies: [`install what these packages of Debian have: ${packages.join(' ')}`],
    });
  }
  const { program, args } = installCommand(packages, isRoot());
  try {
    await runOnTerminal(ctx, program, args);
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    throw new UserError('The packages could not be installed', {
      exitCode: ExitCode.host,
      why: error.message,
      remedies: ['sudo apt-get update, and try again', `or install them yourself: sudo apt-get install ${packages.join(' ')}`],
      cause: error,
    });
  }
}
