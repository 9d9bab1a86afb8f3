import { readFile } from 'node:fs/promises';

/** Identity of this boot (random(4)): times of the monotonic clock and process numbers compare only within one boot. */
export async function bootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
}
