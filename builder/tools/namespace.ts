/**
 * Work on trees with other people's user ids without being root: user_namespaces(7) with the whole range of
 * /etc/subuid mapped and the caller as root, by unshare(1) of util-linux 2.38 or later. Root needs no namespace for it.
 */
import { existsSync } from 'node:fs';

import { type RunOptions, type RunResult, run } from '../kit/command.ts';
import type { Context } from '../kit/context.ts';

const MAPPED = ['--map-auto', '--map-root-user'] as const;
/** Processes, mounts, host name and network of its own: nothing of an install touches or sees the host. */
const ISOLATED = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--ipc', '--uts', '--net'] as const;

export function isRoot(): boolean {
  return process.geteuid?.() === 0;
}

/** Program and arguments that run `program` with all ids mapped; `isolated` also takes the network and the host's processes away. */
export function mappedCommand(
  program: string,
  args: readonly string[],
  options: { root: boolean; isolated?: boolean },
): { program: string; args: string[] } {
  const flags = [...(options.root ? [] : MAPPED), ...(options.isolated === true ? ISOLATED : [])];
  return flags.length === 0 ? { program, args: [...args] } : { program: 'unshare', args: [...flags, '--', program, ...args] };
}

/**
 * Runs `program` so that it can make and read files of every user of the image. Errors as `run`. Where it is isolated a
 * cancelled one is killed at once: its mounts and processes end with its namespaces, and the first process of a namespace
 * does not get a SIGTERM that it does not listen to yet (pid_namespaces(7)).
 */
export function runMapped(
  ctx: Context,
  program: string,
  args: readonly string[],
  options: RunOptions & { isolated?: boolean } = {},
): Promise<RunResult> {
  const { isolated = false, ...rest } = options;
  const command = mappedCommand(program, args, { root: isRoot(), isolated });
  return run(ctx, command.program, command.args, isolated ? { ...rest, grace: 0 } : rest);
}

/** Removes a tree that may hold files of mapped users; for cleanup, so it works after Ctrl-C too. */
export async function removeMappedTree(ctx: Context, folder: string): Promise<void> {
  if (!existsSync(folder)) return;
  await runMapped({ ...ctx, signal: AbortSignal.timeout(10 * 60_000) }, 'rm', ['-rf', '--one-file-system', '--', folder]);
}
