/** One build at a time on a cache folder. */
import type { Cleanup } from '../kit/cleanup.ts';
import { takeLock } from '../kit/lock.ts';

/**
 * Takes the lock of `cacheDir` until `cleanup` runs.
 * @throws UserError(busy) where another live process holds it.
 */
export async function takeBuildLock(cacheDir: string, cleanup: Cleanup): Promise<void> {
  const busy = {
    message: `Another build is using the cache ${cacheDir}`,
    remedy: 'or build with a cache of your own: --cache-dir FOLDER',
  };
  await takeLock({ folder: cacheDir, prefix: 'lock.', busy }, cleanup);
}
