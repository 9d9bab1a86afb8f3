import type { FileHandle } from 'node:fs/promises';

/** Writes all of `bytes` at `position`: write(2) may take a part only, as it does when a disk fills up. */
export async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
}
