/** Free space as statfs(2) tells it. */
import { statfs } from 'node:fs/promises';

/** Bytes that an ordinary user can still write to the file system of `folder`. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
