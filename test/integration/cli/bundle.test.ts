import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
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

it('writes the text of consoles with a small part of what unitctl is', () => {
  const root = mkdtempSync(join(tmpdir(), 'unitsmith-console-'));
  mkdirSync(join(root, 'usr/lib/unit'), { recursive: true });
  writeFileSync(
    join(root, 'usr/lib/unit/unit.json'),
    JSON.stringify({ schemaVersion: 1, name: 'shop', version: '1.2.3', title: { en: 'Shop' }, services: {}, ports: [], probes: {} }),
  );
  const text = execFileSync('node', [join(CHECKOUT, 'dist', 'firstboot', 'console-text.mjs'), root], { encoding: 'utf8' });
  expect(text).toMatch(/^Shop 1\.2\.3\n\nState: +waiting to be set up\n[\s\S]*Code: +([0-9A-Z]{4}-){2}[0-9A-Z]{4}\n/);
  // Neither what validates settings nor what reads commands: this runs at every change, on slow machines too.
  expect(built('console-text.mjs')).not.toMatch(/^\s*\/\/ node_modules\/(ajv|commander|yaml|handlebars)/m);
});
