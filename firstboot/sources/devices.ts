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
  /** It holds the file system of a CD or DVD. */
  cd: boolean;
}

/** Seconds: an optical drive may have to spin up. */
const TIMEOUT = 60;
const CD_TYPES = ['iso9660', 'udf'];

/** Every device with a file system on it. They are looked at themselves: what udev knows of a CD may be of the one before. */
export async function fileSystems(context: SourceContext): Promise<Device[]> {
  const listed = await ask(context, 'lsblk', ['--json', '--list', '--paths', '--output', 'NAME']);
  const { blockdevices } = JSON.parse(listed ?? '{ "blockdevices": [] }') as { blockdevices: { name: string }[] };
  const devices: Device[] = [];
  for (const { name } of blockdevices) {
    // Exit codes 2 and 8: no medium, nothing known on it, or several things at once.
    const tags = parseTags((await ask(context, 'blkid', ['--probe', '--output', 'export', '--', name], [0, 2, 8])) ?? '');
    const type = tags.get('TYPE');
    if (type !== undefined) devices.push({ path: name, label: tags.get('LABEL'), cd: CD_TYPES.includes(type) });
  }
  return devices;
}

/** Standard output; undefined, with a note, where there is none: a broken drive must not hide the others. */
async function ask(
  { system, note }: SourceContext,
  program: string,
  args: readonly string[],
  okExitCodes = [0],
): Promise<string | undefined> {
  try {
    return (await system.run(program, args, { okExitCodes, timeout: TIMEOUT })).stdout;
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    note(`disks and CDs: ${error.message}`);
    return undefined;
  }
}

/** blkid's `export` format: NAME=value lines, with a backslash before what a shell would take. */
function parseTags(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split('\n').map((line) => {
      const end = line.indexOf('=');
      return [line.slice(0, end), line.slice(end + 1).replaceAll(/\\(.)/g, '$1')];
    }),
  );
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
