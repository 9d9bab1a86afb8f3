/** Runs Packer on a template, and says what happens while it does. */
import { dirname } from 'node:path';

import { type RunOptions, run } from '../../kit/command.ts';
import type { Context } from '../../kit/context.ts';
import { ExitCode, ToolError, UserError } from '../../kit/errors.ts';
import { tiedToUs } from '../tied.ts';
import { type Mark, type PackerMessage, parseMark, parseMessage } from './messages.ts';
import type { PackerVersion } from './version.ts';

export interface PackerBuild {
  template: string;
  version: PackerVersion;
  /** `abort` leaves the machine as it is when a script fails. */
  onError: 'cleanup' | 'abort';
  /** Packer's own log, for whoever has to look closer. */
  log: string;
  /** Seconds after which Packer is stopped, whatever it waits for. */
  timeout: number;
  onMessage(message: PackerMessage): void;
  onMark(mark: Mark): void;
}

/** Arguments of `packer build`. */
function buildArguments(options: Pick<PackerBuild, 'template' | 'onError'>): string[] {
  return ['build', '-machine-readable', `-on-error=${options.onError}`, options.template];
}

/** It calls home for versions unless told not to; its cache holds copies of what it boots. */
function packerEnvironment(options: Pick<PackerBuild, 'template' | 'log'>): Record<string, string> {
  const folder = dirname(options.template);
  return {
    CHECKPOINT_DISABLE: '1',
    PACKER_CACHE_DIR: `${folder}/packer_cache`,
    TMPDIR: folder,
    PACKER_LOG: '1',
    PACKER_LOG_PATH: options.log,
  };
}

/**
 * Packer 1.7 and later: fetches the QEMU plugin that the template names, unless it is there. Earlier ones have it inside.
 * @throws UserError(host)
 */
export async function initialisePacker(ctx: Context, options: Pick<PackerBuild, 'template' | 'version' | 'log'>): Promise<void> {
  if (!options.version.plugins) return;
  try {
    await run(ctx, 'packer', ['init', options.template], { cwd: dirname(options.template), env: packerEnvironment(options), timeout: 600 });
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    throw new UserError("Packer's QEMU plugin could not be fetched", {
      exitCode: ExitCode.host,
      why: 'from version 1.7 on, Packer fetches its builders as plugins from GitHub',
      remedies: ['packer plugins install github.com/hashicorp/qemu'],
      excerpt: { title: 'what packer init says', lines: error.failure.tail },
      cause: error,
    });
  }
}

/**
 * @throws ToolError where the build fails; the caller knows from the marks how far it came.
 */
export async function packerBuild(ctx: Context, options: PackerBuild): Promise<void> {
  const onLine: RunOptions['onLine'] = (line) => {
    const message = parseMessage(line);
    if (message === undefined) return;
    for (const text of message.text.split('\n')) {
      const mark = parseMark(text);
      if (mark === undefined) options.onMessage({ kind: message.kind, text });
      else options.onMark(mark);
    }
  };
  const args = buildArguments(options);
  try {
    // Where this process is killed Packer is asked to stop, and ends its machine.
    await run(ctx, ...tiedToUs('packer', args, 'TERM'), {
      cwd: dirname(options.template),
      env: packerEnvironment(options),
      timeout: options.timeout,
      quiet: true,
      // Packer shuts its machine down and removes what it made before it ends.
      grace: 20,
      onLine,
    });
  } catch (error) {
    if (error instanceof ToolError && !error.failure.missing) throw new ToolError({ ...error.failure, program: 'packer', args });
    throw error;
  }
}
