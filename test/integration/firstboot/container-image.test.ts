/** The step that loads a container image: the unit's own files into what stands for Docker, once for each image. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { bundleUnitctl, EMPTY_UNIT, FakeUnit } from './fake-unit.ts';

let folder: string;
let bundle: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'container-image-'));
  bundle = await bundleUnitctl(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const IMAGE = '/usr/lib/unit/containers/web/image.json';
const LAYER = `layers/${'a'.repeat(64)}.tar.zst`;
/** Keeps what is loaded, and says the id of its configuration: as Docker does. */
const DOCKER = (root: string): string => `#!/bin/sh
cd '${root}'
case $1 in
  load) tar --extract && cat image.json >> loaded ;;
  image) [ -e image.json ] && echo "sha256:$(sha256sum image.json | cut -d ' ' -f 1)" ;;
esac
`;

test('loads an image once, and anew where an upgrade brought another', async () => {
  const step = { id: 'web', title: { en: 'Web' }, use: 'container-image', with: { container: 'web' } } as const;
  const unit = new FakeUnit(bundle, { ...EMPTY_UNIT, steps: [step] }, { [IMAGE]: 'one\n', [`/usr/lib/unit/containers/${LAYER}`]: 'layer' });
  unit.write(
    '/usr/lib/unit/containers/web/manifest.json',
    JSON.stringify([{ Config: 'image.json', RepoTags: ['unit/web:latest'], Layers: [LAYER] }]),
  );
  cpSync('firstboot/system/load-container', unit.at('/usr/lib/unit/load-container'));
  unit.write('/bin/docker', DOCKER(unit.root), 0o755);
  unit.write('/answers.yaml', 'schemaVersion: 1\n');
  const apply = async (): Promise<unknown[]> => {
    const { events, stderr } = await unit.unitctl(['apply', '--json', '--answers', unit.at('/answers.yaml')]);
    expect(stderr).toBe('');
    return events.filter((event) => event['step'] === 'web' && event['changed'] === true);
  };

  expect(await apply()).toHaveLength(1);
  expect(unit.read(`/${LAYER}`)).toBe('layer');
  expect(await apply()).toEqual([]);
  unit.write(IMAGE, 'two\n');
  expect(await apply()).toHaveLength(1);
  expect(unit.read('/loaded')).toBe('one\ntwo\n');
  rmSync(unit.root, { recursive: true, force: true });
});
