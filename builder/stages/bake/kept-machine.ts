/** The virtual machine of a bake outside Packer's care: ended for good, or left to a person with the way in. */
import { readdir, readlink, realpath } from 'node:fs/promises';
import { join } from 'node:path';

import { commandLine } from '../../kit/command.ts';
import type { Context } from '../../kit/context.ts';
import { readIfExists } from '../../kit/files.ts';
import { sshCommandLine } from '../../vm/ssh.ts';
import { WORK } from './template.ts';
import type { WorkFolder } from './work-folder.ts';

const GRACE = 5_000;
const POLL = 100;

/** QEMU's process id while it runs: a number that was used again by another program does not count. `path` has no links in it. */
async function machinePid(work: Pick<WorkFolder, 'path' | 'pidFile'>): Promise<number | undefined> {
  const pid = Number.parseInt((await readIfExists(work.pidFile)) ?? '', 10);
  if (!Number.isInteger(pid)) return undefined;
  // Packer and QEMU run in the work folder; nothing else does.
  const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
  return cwd === work.path ? pid : undefined;
}

/** Ends the machine where Packer could not: SIGTERM, then SIGKILL. */
export async function endMachine(work: Pick<WorkFolder, 'path' | 'pidFile'>): Promise<void> {
  const started = Date.now();
  for (let pid = await machinePid(work); pid !== undefined; pid = await machinePid(work)) {
    try {
      process.kill(pid, Date.now() - started < GRACE ? 'SIGTERM' : 'SIGKILL');
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL));
  }
}

/** Name of the work folder in the folder of the stage. */
export const WORK_FOLDER = 'work';

/**
 * Ends the machine that a bake which was killed left running in its unfinished output: its disk is about to be removed.
 * @param folder of the stage
 */
export async function endLeftMachine(folder: string): Promise<void> {
  const path = await realpath(join(folder, WORK_FOLDER)).catch(() => undefined);
  if (path !== undefined) await endMachine({ path, pidFile: join(path, WORK.pid) });
}

/** Folder of the machines that are left to a person: apart from the stages, which the cache removes. */
export function keptFolder(cacheDir: string): string {
  return join(cacheDir, 'kept');
}

/** Every work folder that was kept, by name, with the process of its machine: undefined where that has ended. */
export async function keptMachines(cacheDir: string): Promise<{ path: string; pid: number | undefined }[]> {
  const names = await readdir(keptFolder(cacheDir)).catch(() => []);
  return await Promise.all(
    names.sort().map(async (name) => {
      const path = await realpath(join(keptFolder(cacheDir), name));
      return { path, pid: await machinePid({ path, pidFile: join(path, WORK.pid) }) };
    }),
  );
}

/** Command line that ends a kept machine and removes its files: by force, for QEMU takes its own away while it ends. */
export function endCommand({ path, pid }: { path: string; pid: number }): string {
  return `kill ${pid}; ${commandLine('rm', ['-rf', path])}`;
}

/** Says how to get into the machine that is left, and how to end it; false where there is none. */
export async function tellHowToEnter(ctx: Context, work: WorkFolder): Promise<boolean> {
  const pid = await machinePid(work);
  if (pid === undefined) return false;
  ctx.events.warn(`the virtual machine is kept; log in: ${sshCommandLine(work.ssh)}`);
  ctx.events.warn(`its console: ${work.serial}`);
  ctx.events.warn(`end it and remove its files: ${endCommand({ path: work.path, pid })}`);
  return true;
}
