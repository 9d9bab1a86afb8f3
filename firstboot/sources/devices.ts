/** Disks and CDs, found by label and read while mounted out of everybody's sight. */
import { mkdtemp, rmdir } from 'node:fs/promises';
import { join } from 'node:path';

import { ProgramError } from '../kit/errors.ts';
import { makeFolder } from '../kit/files.ts';
import type { SourceContext } from './source.ts';

export interface Device {
  /** Such as /dev/sr0. */
  path: string;
  label: string | undefined;
  /** A CD or DVD drive with a disc in it. */
  cd: boolean;
}

/** Seconds: an optical drive may have to spin up. */
const TIMEOUT = 60;

/** Every device with a file system on it. */
export async function fileSystems({ system, note }: SourceContext): Promise<Device[]> {
  try {
    const { stdout } = await system.run('lsblk', ['--json', '--list', '--paths', '--output', 'NAME,TYPE,LABEL,FSTYPE'], {
      timeout: TIMEOUT,
    });
    const { blockdevices } = JSON.parse(stdout) as {
      blockdevices: { name: string; type: string; label: string | null; fstype: string | null }[];
    };
    return blockdevices
      .filter(({ fstype }) => fstype !== null)
      .map(({ name, type, label }) => ({ path: name, label: label ?? undefined, cd: type === 'rom' }));
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    note(`disks and CDs were not looked at: ${error.message}`);
    return [];
  }
}

/** Mounts the device read-only for as long as `read` takes. @throws ProgramError where it cannot be mounted */
export async function withMounted<T>({ system }: SourceContext, device: Device, read: (folder: string) => Promise<T>): Promise<T> {
  const run = system.path('/run/unit');
  await makeFolder(run);
  const folder = await mkdtemp(join(run, 'source-'));
  try {
    await system.run('mount', ['--read-only', '--options', 'nodev,nosuid,noexec', '--', device.path, folder], { timeout: TIMEOUT });
    try {
      return await read(folder);
    } finally {
      await system.run('umount', ['--', folder], { timeout: TIMEOUT });
    }
  } finally {
    await rmdir(folder);
  }
}
