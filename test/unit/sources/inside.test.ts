import { existsSync, mkdirSync, mkdtempSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';

import { ExitCode } from '../../../builder/kit/errors.ts';
import { folderBelow, insideImage, isWithin, pathBelow } from '../../../builder/sources/inside.ts';

let image: string;
beforeEach(() => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'inside-')));
  image = join(folder, 'image');
  mkdirSync(join(image, 'tree', 'deep'), { recursive: true });
  writeFileSync(join(folder, 'outside'), '');
  writeFileSync(join(image, 'file'), '');
  symlinkSync('file', join(image, 'link'));
});

describe('insideImage', () => {
  it.each(['file', 'link', 'tree', './tree/deep'])('takes %s', async (path) => {
    expect(await insideImage(image, path, 'app')).toBe(join(image, path));
  });

  it.each(['../outside', '/../outside'])('refuses %s', async (path) => {
    await expect(insideImage(image, path, 'app')).rejects.toMatchObject({ exitCode: ExitCode.definition });
  });

  it('refuses a link that leads out', async () => {
    symlinkSync('../outside', join(image, 'out'));
    await expect(insideImage(image, 'out', 'app')).rejects.toMatchObject({ message: expect.stringContaining('leads out') });
  });

  it('refuses a link that leads out deep in a folder, and names it', async () => {
    symlinkSync('/etc/passwd', join(image, 'tree', 'deep', 'out'));
    await expect(insideImage(image, 'tree', 'app')).rejects.toMatchObject({ message: expect.stringContaining('tree/deep/out') });
  });

  it('names a file that is not there', async () => {
    await expect(insideImage(image, 'nothing', 'app')).rejects.toMatchObject({
      message: "Artifact app: there is no nothing in the image's folder",
    });
  });
});

describe('folderBelow', () => {
  it('makes the folder, and follows links to what is below the same root', async () => {
    symlinkSync('tree/deep', join(image, 'inner'));
    expect(await folderBelow(image, '/inner/new/folder')).toBe(join(image, 'tree/deep/new/folder'));
    expect(await pathBelow(image, '/link')).toBe(join(image, 'link'));
    expect(existsSync(join(image, 'tree/deep/new/folder'))).toBe(true);
  });

  it.each(['../..', '../../new', '/etc', '/nothing/there'])('refuses a link to %s, and makes nothing there', async (target) => {
    symlinkSync(target, join(image, 'tree', 'out'));
    await expect(folderBelow(image, '/tree/out/made')).rejects.toMatchObject({
      exitCode: ExitCode.source,
      message: expect.stringContaining('/tree/out is a link'),
    });
    expect(existsSync(join(image, 'tree', 'out', 'made'))).toBe(false);
  });

  it('stays below its root whatever the path says', async () => {
    expect(await folderBelow(image, '/../../made')).toBe(join(image, 'made'));
  });
});

it('tells what links lead out of a folder', async () => {
  symlinkSync('..', join(image, 'out'));
  expect(await Promise.all(['.', 'link', 'out', 'missing'].map((path) => isWithin(image, join(image, path))))).toEqual([
    true,
    true,
    false,
    false,
  ]);
});
