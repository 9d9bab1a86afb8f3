/** Debian packages as files, without dpkg. */
import { open } from 'node:fs/promises';

/** Offset and length of the time in the first member's header: ar(5), after eight bytes of magic. */
const AR_TIME = { position: 24, length: 12 } as const;

/**
 * The time of the newest of these packages, as the packages themselves have it: dpkg-deb writes that of the source's last change.
 * Undefined where there is none.
 */
export async function newestDeb(debs: readonly string[]): Promise<Date | undefined> {
  let newest = 0;
  for (const deb of debs) {
    const handle = await open(deb);
    try {
      const { buffer } = await handle.read(Buffer.alloc(AR_TIME.length), 0, AR_TIME.length, AR_TIME.position);
      newest = Math.max(newest, Number(buffer.toString('latin1')) || 0);
    } finally {
      await handle.close();
    }
  }
  return newest === 0 ? undefined : new Date(newest * 1000);
}
