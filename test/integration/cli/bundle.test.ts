import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';

import { buildBundle, CHECKOUT } from '../../helpers/cli-bundle.ts';

beforeAll(buildBundle, 120_000);
const FOLDER = join(CHECKOUT, 'dist', 'firstboot');
const built = (name: string): string => readFileSync(join(FOLDER, name), 'utf8');

it('lists every npm package whose code is in a bundle, with the licence that came with it', () => {
  // esbuild names the file that a piece of code comes from above it.
  const code = readdirSync(FOLDER)
    .filter((name) => name.endsWith('.mjs'))
    .map(built)
    .join('\n');
  const inside = [...code.matchAll(/^\s*\/\/ node_modules\/((?:@[^/\s]+\/)?[^/\s]+)\//gm)].map(([, name = '']) => name);
  const listed = JSON.parse(built('unitctl.packages.json')) as { name: string; version: string; licence: string }[];
  expect([...new Set(listed.map(({ name }) => name))].sort()).toEqual([...new Set(inside)].sort());
  const licences = built('THIRD-PARTY-LICENSES.txt')
    .split(/^={78}\n/m)
    .slice(1);
  expect(licences.map((text) => text.split('\n')[0])).toEqual(listed.map(({ name, version }) => `${name} ${version}`));
  for (const text of licences) expect(text).toMatch(/Copyright|©/);
});

it('loads of unitctl what a command needs, and no more', () => {
  const names = readdirSync(FOLDER);
  /** Code of the first file, of a command's part, and of all that these import at once. */
  const loaded = (command: string): string => {
    const part = names.find((name) => name.startsWith(`unitctl-${command}-`)) ?? '';
    const all = new Set(['unitctl.mjs', part]);
    for (const name of all) for (const [, other = ''] of built(name).matchAll(/(?:from|^import) "\.\/(.+)";$/gm)) all.add(other);
    return [...all].map(built).join('\n');
  };
  const packages = (code: string): string[] =>
    ['commander', 'ajv', 'yaml', 'nodemailer'].filter((name) => code.includes(`// node_modules/${name}/`));
  expect(packages(loaded('status'))).toEqual(['commander']);
  expect(packages(loaded('apply'))).toEqual(['commander', 'ajv', 'yaml', 'nodemailer']);
  const unitctl = (...args: string[]): string => execFileSync('node', [join(FOLDER, 'unitctl.mjs'), ...args], { encoding: 'utf8' });
  expect(unitctl('status', '--help')).toContain('unitctl status --json');
  expect(unitctl('--help')).toMatch(/ {2}status [\s\S]* {2}support-bundle /);
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
