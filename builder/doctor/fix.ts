/** Installs Debian packages: with sudo where one is not root, which may ask for a password on the terminal. */
import { existsSync } from 'node:fs';
import { runOnTerminal } from '../kit/command.ts';
import type { Context } from '../kit/context.ts';
import { ExitCode, ToolError, UserError } from '../kit/errors.ts';
import { isRoot } from '../tools/namespace.ts';

/** `apt-get` with these words, as it is run and shown. */
export function aptCommand(words: readonly string[], root: boolean): { program: string; args: string[] } {
  const [program = '', ...args] = root ? ['apt-get', ...words] : ['sudo', 'apt-get', ...words];
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
  const apt = async (...words: string[]): Promise<void> => {
    const { program, args } = aptCommand(words, isRoot());
    await runOnTerminal(ctx, program, args);
  };
  // A fresh machine has no package lists, and old ones name files that are gone. What fails here may not be needed, as
  // where one of several archives is down: the install tells.
  await apt('update', '--quiet').catch((error: unknown) => {
    if (!(error instanceof ToolError)) throw error;
  });
  try {
    await apt('install', '--quiet', '--yes', '--no-install-recommends', ...packages);
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    throw new UserError('The packages could not be installed', {
      exitCode: ExitCode.host,
      why: error.message,
      remedies: ['see what apt-get says above', `or install them yourself: sudo apt-get install ${packages.join(' ')}`],
      cause: error,
    });
  }
}
