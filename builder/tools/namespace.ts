/**
 * Work on trees with other people's user ids without being root: user_namespaces(7) with the whole range of
 * /etc/subuid mapped and the caller as root, by unshare(1) of util-linux 2.38 or later. Root needs no namespace for it.
 */
import { existsSync } from 'node:fs';

import { type RunOptions, type RunResult, run } from '../kit/command.ts';
import type { Context } from '../kit/context.ts';
import { readMemory } from './memory.ts';

const MAPPED = ['--map-auto', '--map-root-user'] as const;
/** Processes, mounts, host name and network of its own: nothing of an install touches or sees the host. */
const ISOLATED = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--ipc', '--uts', '--net'] as const;

export function isRoot(): boolean {
  return process.geteuid?.() === 0;
}

/** A file system in memory (tmpfs(5)) over `folder`, of at most `bytes`: the program alone sees it, and it is gone with the program. */
export interface InMemory {
  folder: string;
  bytes: number;
}

/** Where no tmpfs can be mounted the folder serves as it is. */
const MOUNT = 'mount -t tmpfs -o "mode=0755,size=$1" tmpfs "$2" || :; shift 2; exec "$@"';

/**
 * Program and arguments that run `program` with all ids mapped; `isolated` also takes the network and the host's processes
 * away, `inMemory` puts a file system in memory over a folder.
 */
export function mappedCommand(
  program: string,
  args: readonly string[],
  options: { root: boolean; isolated?: boolean; inMemory?: InMemory | undefined },
): { program: string; args: string[] } {
  const { inMemory } = options;
  const mounts = inMemory === undefined ? [] : ['--mount'];
  const flags = [...(options.root ? [] : MAPPED), ...(options.isolated === true ? ISOLATED : mounts)];
  const mounted = inMemory === undefined ? [] : ['sh', '-c', MOUNT, 'sh', String(inMemory.bytes), inMemory.folder];
  return flags.length === 0 ? { program, args: [...args] } : { program: 'unshare', args: [...flags, '--', ...mounted, program, ...args] };
}

/** Memory that stays free beside a file system in memory, bytes. */
const RESERVE = 2 * 2 ** 30;

/**
 * `folder` in memory where `bytes` and a reserve are available there, by the machine and by the limit of this process's
 * control group; undefined where it must be on disk. A tree of files is then written and read at once, and needs no removal.
 */
export async function inMemoryWhereRoom(folder: string, bytes: number): Promise<InMemory | undefined> {
  const { available } = await readMemory();
  return Math.min(available, process.constrainedMemory() || available) >= bytes + RESERVE ? { folder, bytes } : undefined;
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
  options: RunOptions & { isolated?: boolean; inMemory?: InMemory | undefined } = {},
): Promise<RunResult> {
  const { isolated = false, inMemory, ...rest } = options;
  const command = mappedCommand(program, args, { root: isRoot(), isolated, inMemory });
  return run(ctx, command.program, command.args, isolated ? { ...rest, grace: 0 } : rest);
}

/** Removes a tree that may hold files of mapped users; for cleanup, so it works after Ctrl-C too. */
export async function removeMappedTree(ctx: Context, folder: string): Promise<void> {
  if (!existsSync(folder)) return;
  await runMapped({ ...ctx, signal: AbortSignal.timeout(10 * 60_000) }, 'rm', ['-rf', '--one-file-system', '--', folder]);
}
