import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { removeBaked } from './baked.ts';

/** Everything that tests put below the system's temporary folder goes into one of their own, removed at the end. */
export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'unitsmith-tests-'));
  process.env.TMPDIR = folder;
  const remove = (): void => {
    removeBaked();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  // A run that is ended by Ctrl-C is not torn down.
  process.once('exit', remove);
  return remove;
}
