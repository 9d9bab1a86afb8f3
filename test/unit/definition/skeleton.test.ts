import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { inspectImage } from '../../../builder/definition/inspect.ts';
import { loadImage } from '../../../builder/definition/load.ts';
import { writeSkeleton } from '../../../builder/definition/skeleton.ts';
import { unitOf } from '../../../builder/definition/unit-json.ts';
import { ExitCode, UserError } from '../../../builder/kit/errors.ts';
import { testContext } from '../../helpers/context.ts';
import { runs } from '../../helpers/runs.ts';

let parent: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "unitsmith new 'q' ü "));
});
afterEach(() => rm(parent, { recursive: true, force: true }));

describe('writeSkeleton', () => {
  it('writes an image that loads without a finding, in a folder with spaces, quotes and non-ASCII', async () => {
    const folder = await writeSkeleton('my-shop', parent);
    const { ctx, events } = testContext();
    const image = await loadImage(folder, ctx);
    expect(image.definition).toMatchObject({ name: 'my-shop', title: { en: 'My shop' }, formats: ['ova', 'qcow2'] });
    expect(unitOf(image)).toMatchObject({ schemaVersion: 1, name: 'my-shop', services: { nginx: {} } });
    expect(events).toEqual([]);
    expect(await readFile(join(folder, 'README.md'), 'utf8')).toContain('unitsmith bake my-shop');
    expect(await readdir(parent)).toEqual(['my-shop']);
    expect(await readdir(folder)).not.toContain('lock.json');
    expect((await stat(join(folder, 'sample', 'acceptance', '10-note'))).mode & 0o777).toBe(0o755);
  });

  it.each(['null', 'true', 'on', 'e3', 'a'])('takes a name that YAML could read otherwise: %s', async (name) => {
    const folder = await writeSkeleton(name, parent);
    expect(await inspectImage(folder, { cwd: parent })).toMatchObject({ findings: [], image: { definition: { name } } });
  });

  it('refuses to overwrite, and leaves what is there alone', async () => {
    await mkdir(join(parent, 'my-shop'));
    await writeFile(join(parent, 'my-shop', 'image.yaml'), 'mine');
    await expect(writeSkeleton('my-shop', parent)).rejects.toMatchObject({ exitCode: ExitCode.usage });
    expect(await readFile(join(parent, 'my-shop', 'image.yaml'), 'utf8')).toBe('mine');
    expect(await readdir(join(parent, 'my-shop'))).toEqual(['image.yaml']);
  });

  it.each([
    ['My Shop', 'unitsmith new my-shop'],
    ["o'clock", 'unitsmith new o-clock'],
    ['café', 'unitsmith new cafe'],
    ['../escape', 'unitsmith new escape'],
    ['9lives', 'unitsmith new lives'],
    ['магазин', 'Choose a name such as my-shop.'],
    ['', 'Choose a name such as my-shop.'],
  ])('refuses the name "%s" and proposes one', async (name, remedy) => {
    const error = await writeSkeleton(name, parent).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({ exitCode: ExitCode.usage, remedies: [remedy] });
    expect(await readdir(parent)).toEqual([]);
  });

  it('leaves nothing behind whatever the name', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), async (name) => {
        await writeSkeleton(name, parent).catch(() => undefined);
        for (const entry of await readdir(parent)) expect(entry).toMatch(/^[a-z][a-z0-9-]*$/);
      }),
      runs(100),
    );
  });
});
