import { existsSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';

import { placeAt } from '../../../builder/sources/place.ts';
import { nameOf } from '../../../builder/sources/url/source.ts';
import { testContext } from '../../helpers/context.ts';

it('follows no link out of the root that another artifact of the same container brought', async () => {
  const lab = mkdtempSync(join(tmpdir(), 'place-'));
  for (const folder of ['outside', 'root/opt', 'tree']) mkdirSync(join(lab, folder), { recursive: true });
  symlinkSync(join(lab, 'outside'), join(lab, 'root/opt/app'));
  writeFileSync(join(lab, 'tree', 'file'), '');
  for (const from of ['tree', 'tree/file']) {
    await expect(placeAt(join(lab, from), { into: '/opt/app/bin' }, join(lab, 'root'), testContext().ctx)).rejects.toMatchObject({
      message: expect.stringContaining('/opt/app is a link'),
    });
  }
  expect(readdirSync(join(lab, 'outside'))).toEqual([]);
  expect(await placeAt(join(lab, 'tree/file'), { into: '/opt/other', owner: 'www' }, join(lab, 'root'), testContext().ctx)).toEqual([
    { path: '/opt/other/file', owner: 'www' },
  ]);
  expect(existsSync(join(lab, 'root/opt/other/file'))).toBe(true);
});

it.each([
  ['https://example.org/a/my%20file.tgz?token=x', 'my file.tgz'],
  ['https://example.org/', 'download'],
  ['https://example.org/a%2F..%2F..%2Fevil', 'evil'],
  ['https://example.org/a%2F..', 'download'],
])('names the file of %s %s', (url, name) => {
  expect(nameOf(url)).toBe(name);
});
