/** Which Packer is there, and what follows from it. */
import { tmpdir } from 'node:os';

import { withCleanup } from '../../kit/cleanup.ts';
import { run } from '../../kit/command.ts';
import type { Context } from '../../kit/context.ts';
import { ExitCode, ToolError, UserError } from '../../kit/errors.ts';
import { temporaryFolder } from '../../kit/files.ts';

export interface PackerVersion {
  text: string;
  /** From 1.7 on builders are plugins, named in `required_plugins` and fetched by `packer init`. */
  plugins: boolean;
}

const PACKER_REMEDIES = [
  'on Debian 12: sudo apt-get install packer',
  'elsewhere (Debian 13 has no package of it): download it from https://developer.hashicorp.com/packer/install and put the `packer` program on PATH',
] as const;

/** Oldest that reads HCL2 with all that the bake uses. */
const OLDEST = [1, 6] as const;

/**
 * @throws UserError(host) where Packer is missing, too old, or something else of that name.
 */
export async function packerVersion(ctx: Context): Promise<PackerVersion> {
  let output: string;
  try {
    output = await printedVersion(ctx);
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    throw new UserError(error.failure.missing ? 'Packer is not installed' : 'The program called packer does not tell its version', {
      exitCode: ExitCode.host,
      ...(error.failure.missing ? {} : { why: 'it may be another program of that name, such as the one of cracklib' }),
      remedies: PACKER_REMEDIES,
      cause: error,
    });
  }
  return supportedVersion(output);
}

/** In a folder of its own: one that is interrupted leaves a file there. Without asking HashiCorp for a later one. */
function printedVersion(ctx: Context): Promise<string> {
  return withCleanup(async (cleanup) => {
    const env = { CHECKPOINT_DISABLE: '1', TMPDIR: await temporaryFolder(tmpdir(), 'unitsmith-packer-', cleanup) };
    return (await run(ctx, 'packer', ['--version'], { env, timeout: 60, quiet: true })).stdout;
  });
}

/** `1.6.6`, `Packer v1.11.2`, with or without lines about updates. Exported for its test. */
export function supportedVersion(output: string): PackerVersion {
  const match = /\bv?(\d+)\.(\d+)\.(\d+)/.exec(output);
  if (match === null) {
    throw new UserError('The program called packer does not tell its version', { exitCode: ExitCode.host, remedies: PACKER_REMEDIES });
  }
  const [text, major, minor] = [match[0].replace('v', ''), Number(match[1]), Number(match[2])];
  if (major !== OLDEST[0] || minor < OLDEST[1]) {
    throw new UserError(`Packer ${text} is not supported`, {
      exitCode: ExitCode.host,
      why: `this builder works with Packer ${OLDEST.join('.')} and later versions of 1`,
      remedies: PACKER_REMEDIES,
    });
  }
  return { text, plugins: minor >= 7 };
}
