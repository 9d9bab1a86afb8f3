/**
 * Who made a lock or a folder, told by its name: a process by its number and start; and, where several containers or machines
 * share the folder, where that number means anything: machine, boot and process namespace.
 */
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

import type { Cleanup } from './cleanup.ts';
import { temporaryFolder } from './files.ts';
import { sha256 } from './hash.ts';

/** Eight hexadecimal digits each. */
export interface Place {
  machine: string;
  boot: string;
  namespace: string;
}

export interface Owner {
  pid: number;
  /** `elsewhere`: on another machine or in another container, where nobody here can ask for it. */
  state: 'lives' | 'gone' | 'elsewhere';
}

/** As `ownerMark` writes it; before there were places, a mark ended after the start. */
const MARK = /^(\d+)-(\d*)-(?:([0-9a-f]{8})\.([0-9a-f]{8})\.([0-9a-f]{8})-)?/;

/** What a name has to hold so that `ownerOf` finds this process in it; it ends with a hyphen. */
export async function ownerMark(place?: Place): Promise<string> {
  const { machine, boot, namespace } = place ?? (await placeHere());
  return `${process.pid}-${await startTime(process.pid)}-${machine}.${boot}.${namespace}-`;
}

/** The owner that is marked in `name` behind `prefix`; undefined where none is. */
export async function ownerOf(name: string, prefix: string): Promise<Owner | undefined> {
  const match = name.startsWith(prefix) ? MARK.exec(name.slice(prefix.length)) : null;
  if (match === null) return undefined;
  const [, pid = '', started, machine, boot, namespace] = match;
  const state = await stateOf(pid, started, machine === undefined ? undefined : { machine, boot: boot ?? '', namespace: namespace ?? '' });
  return { pid: Number(pid), state };
}

/** A folder in `<cacheDir>/tmp` for commands that do without the build lock: it bears its owner's mark, and `cleanup` removes it. */
export async function ownedFolder(cacheDir: string, what: string, cleanup: Cleanup): Promise<string> {
  return await temporaryFolder(join(cacheDir, 'tmp'), `${what}-${await ownerMark()}`, cleanup);
}

async function stateOf(pid: string, started: string | undefined, place: Place | undefined): Promise<Owner['state']> {
  if (place !== undefined) {
    const here = await placeHere();
    // A machine of the same identity and another boot is this one before it was started again.
    if (place.machine === here.machine && place.boot !== here.boot) return 'gone';
    // Containers on one kernel have names of their own: the boot tells that they share it.
    if (place.boot !== here.boot || place.namespace !== here.namespace) return 'elsewhere';
  }
  return (await startTime(Number(pid))) === started ? 'lives' : 'gone';
}

/** Where this process's number counts. Exported for its test. */
export async function placeHere(): Promise<Place> {
  const read = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');
  const [machineId, boot, namespace] = await Promise.all([
    read('/etc/machine-id'),
    read('/proc/sys/kernel/random/boot_id'),
    readlink('/proc/self/ns/pid').catch(() => ''),
  ]);
  // Containers of one image may have its machine-id, and hosts that were cloned each other's.
  const digits = (text: string): string => sha256(text).slice(0, 8);
  return { machine: digits(`${machineId.trim()} ${hostname()}`), boot: digits(boot.trim()), namespace: digits(namespace) };
}

/** Start of a process in clock ticks since boot (proc(5), field 22): tells a reused pid from the owner. */
async function startTime(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}
