import { mkdirSync, mkdtempSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';

import { timeOf } from '../../../builder/stages/package.ts';
import { newestDeb } from '../../../builder/tools/deb.ts';

const folder = mkdtempSync(join(tmpdir(), 'unitsmith-test-'));
mkdirSync(join(folder, 'pool'));

/** The start of a package whose source was changed last at this time, in seconds since 1970. */
function deb(name: string, time: number): string {
  const path = join(folder, 'pool', name);
  writeFileSync(path, `!<arch>\ndebian-binary   ${String(time).padEnd(12)}0     0     100644  4         \`\n2.0\n`);
  return path;
}

it('is the time in the package, not that of the file, which is when it was fetched', async () => {
  const debs = [deb('a.deb', 1_700_000_000), deb('b.deb', 1_600_000_000)];
  expect(await newestDeb(debs)).toEqual(new Date('2023-11-14T22:13:20Z'));
  expect(await newestDeb([])).toBeUndefined();
});

it('is what artefacts bear, whenever and wherever their packages were fetched', async () => {
  const path = deb('c.deb', 1_700_000_001);
  const fetched = { repository: folder, packages: [{ filename: 'c.deb' }] } as unknown as Parameters<typeof timeOf>[0];
  const before = await timeOf(fetched);
  utimesSync(path, 1, 1);
  expect(await timeOf(fetched)).toEqual(before);
  expect(before).toEqual(new Date(1_700_000_001_000));
});
