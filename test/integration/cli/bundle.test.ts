import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';

import { buildBundle, CHECKOUT } from '../../helpers/cli-bundle.ts';

beforeAll(buildBundle, 120_000);
const built = (name: string): string => readFileSync(join(CHECKOUT, 'dist', 'firstboot', name), 'utf8');

it('lists every npm package whose code is in unitctl.mjs or setup.mjs, with the licence that came with it', () => {
  // esbuild names the file that a piece of code comes from above it.
  const code = built('unitctl.mjs') + built('setup.mjs');
  const inside = [...code.matchAll(/^\s*\/\/ node_modules\/((?:@[^/\s]+\/)?[^/\s]+)\//gm)].map(([, name = '']) => name);
  const listed = JSON.parse(built('unitctl.packages.json')) as { name: string; version: string; licence: string }[];
  expect([...new Set(listed.map(({ name }) => name))].sort()).toEqual([...new Set(inside)].sort());
  const licences = built('THIRD-PARTY-LICENSES.txt')
    .split(/^={78}\n/m)
    .slice(1);
  expect(licences.map((text) => text.split('\n')[0])).toEqual(listed.map(({ name, version }) => `${name} ${version}`));
  for (const text of licences) expect(text).toMatch(/Copyright|©/);
});
