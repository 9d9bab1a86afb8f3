/** pip for the guest's Python: the wheel in the suite's own package python3-pip-whl; the host's pip may be too old to run there. */
import { copyFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { Cleanup } from '../../kit/cleanup.ts';
import { run } from '../../kit/command.ts';
import type { Context } from '../../kit/context.ts';
import { temporaryFolder } from '../../kit/files.ts';
import { openArchive } from '../debian/archive.ts';
import { makeRepository } from '../debian/repository.ts';
import { solve } from '../debian/solve.ts';
import type { Guest } from '../source.ts';

const PACKAGE = 'python3-pip-whl';

/** Writes the wheel to `target`. It runs as `python3 pip.whl/pip` and never gets into the image. */
export async function fetchPip(guest: Guest, target: string, ctx: Context, cleanup: Cleanup): Promise<void> {
  const work = await temporaryFolder(join(ctx.cacheDir, 'tmp'), 'pip-', cleanup);
  const archive = await openArchive(guest.base, { ...guest.archive, update: false }, ctx);
  const { packages, stanzas } = await solve(archive, [PACKAGE], [], ctx);
  const own = packages.filter((entry) => entry.name === PACKAGE);
  await makeRepository({ packages: own, stanzas }, work, { archive, offline: guest.archive.offline ?? false, debs: [] }, ctx);
  await run(ctx, 'dpkg-deb', ['--extract', join(work, 'pool', own[0]?.filename ?? ''), join(work, 'tree')]);
  const wheels = join(work, 'tree', 'usr', 'share', 'python-wheels');
  const name = (await readdir(wheels)).find((entry) => entry.startsWith('pip-'));
  if (name === undefined) throw new Error(`${PACKAGE} of ${guest.base.suite} holds no pip`);
  await copyFile(join(wheels, name), target);
}
