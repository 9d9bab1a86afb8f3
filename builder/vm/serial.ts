/** The serial console's log: QEMU writes the file, this reads it. */
import { readFile } from 'node:fs/promises';

/** Escape sequences (ECMA-48: control sequences, operating system commands, the others) and other control characters. */
const CONTROL = /\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[0-~]|[\x00-\x08\x0b-\x1f\x7f]/g;

/** Everything the console showed so far, as plain text; empty where it showed nothing yet. */
export async function serialText(file: string): Promise<string> {
  const raw = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  return raw.replaceAll(CONTROL, '');
}

/** The last `count` lines that hold anything. */
export function lastLines(text: string, count: number): string[] {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .slice(-count);
}

/** What a console that shows this means, where it is a well-known dead end: the first match says most. */
const DEAD_ENDS: readonly [RegExp, string][] = [
  [
    /Kernel panic - not syncing: VFS: Unable to mount root fs/,
    'the kernel found no root file system: the initramfs lacks the driver of this disk controller',
  ],
  [
    /ALERT!.*does not exist\.\s+Dropping to a shell|\(initramfs\)/,
    'the initramfs did not find the root file system: it lacks the driver of this disk controller, or root= is wrong',
  ],
  [/Kernel panic - not syncing: (.*)/, 'the kernel panicked: $1'],
  [/You are in emergency mode/, 'systemd went into emergency mode: a mount or a unit that it needs failed'],
  [
    /grub rescue>|error: no such (partition|device)|error: .*not found\.\s*\n.*grub>/,
    "GRUB did not find its files: the boot partition or the root's UUID is wrong",
  ],
  [
    /UEFI Interactive Shell|No bootable device|Boot failed: not a bootable disk|BdsDxe: No bootable option or device was found/,
    'the firmware found nothing to boot on the disk',
  ],
];

/** Undefined where the console shows no dead end that we know. */
export function deadEnd(console: string): string | undefined {
  for (const [pattern, meaning] of DEAD_ENDS) {
    const match = pattern.exec(console);
    if (match !== null) return match[0].replace(pattern, meaning);
  }
  return undefined;
}

/** Whether the kernel gave up, for another reason than a root file system out of its reach. */
export function panicked(console: string): boolean {
  return /Kernel panic - not syncing: (?!VFS: )/.test(console);
}
