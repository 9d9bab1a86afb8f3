import { mkdirSync, mkdtempSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';

import { ExitCode } from '../../../builder/kit/errors.ts';
import { insideImage } from '../../../builder/sources/inside.ts';

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
