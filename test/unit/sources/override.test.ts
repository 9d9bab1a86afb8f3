import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';

import { ExitCode } from '../../../builder/kit/errors.ts';
import { hashTree, sha256 } from '../../../builder/kit/hash.ts';
import { readOverrides } from '../../../builder/sources/override.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'override-'));
  writeFileSync(join(folder, "it's =an app.tar"), 'content');
  mkdirSync(join(folder, 'tree'));
  writeFileSync(join(folder, 'tree', 'x'), 'x');
});

describe('readOverrides', () => {
  it('takes files and folders, whatever their names, with their hashes', async () => {
    const specs = [`app=${folder}/it's =an app.tar`, `lib=${folder}/tree`];
    expect(await readOverrides(specs, ['app', 'lib'])).toEqual({
      app: { path: `${folder}/it's =an app.tar`, sha256: sha256('content') },
      lib: { path: `${folder}/tree`, sha256: await hashTree(`${folder}/tree`) },
    });
  });

  it.each([
    ['app', /NAME=PATH is wanted/],
    ['app=', /NAME=PATH is wanted/],
    ['ap=/dev/null', /no such artifact/],
    ['app=/does/not/exist', /there is no \/does\/not\/exist/],
  ])('refuses %s', async (spec, message) => {
    await expect(readOverrides([spec], ['app'])).rejects.toMatchObject({
      message: expect.stringMatching(message),
      exitCode: ExitCode.usage,
    });
  });

  it('suggests the artifact that was meant', async () => {
    await expect(readOverrides(['shpere=/dev/null'], ['sphere'])).rejects.toMatchObject({
      remedies: expect.arrayContaining(['did you mean sphere?']),
    });
  });
});
