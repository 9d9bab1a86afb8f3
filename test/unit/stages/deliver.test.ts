import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';

import type { WrittenFile } from '../../../builder/formats/format.ts';
import { sha256 } from '../../../builder/kit/hash.ts';
import { deliver } from '../../../builder/stages/deliver.ts';
import { testContext } from '../../helpers/context.ts';

let cache: string;
let out: string;
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'unitsmith-test-'));
  out = mkdtempSync(join(tmpdir(), 'unitsmith-test-'));
});

function cached(name: string, text: string): { name: string; file: WrittenFile } {
  const path = join(cache, `${sha256(name + text)}.disk`);
  if (!existsSync(path)) writeFileSync(path, text);
  return { name, file: { path, bytes: text.length, sha256: sha256(text) } };
}

async function delivered(baseName: string, text: string, documents: Parameters<typeof deliver>[0]['documents']): Promise<void> {
  const artefacts = [cached(`${baseName}.qcow2`, text), cached(`${baseName}.ova`, `${text} as OVA`)];
  await deliver({ out, baseName, artefacts, documents, parts: undefined }, testContext().ctx);
}

const listed = (): string[] =>
  readFileSync(join(out, 'SHA256SUMS'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.slice(66));
const check = (): string => execFileSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: out, encoding: 'utf8' });

it('lists the files of all images that are in the folder', async () => {
  await delivered('sphere', 'one', { 'sizes.txt': 'small' });
  await delivered('hello', 'two', { 'sizes.txt': 'smaller' });
  await delivered('sphere', 'three', { 'sizes.txt': 'small' });
  expect(listed()).toEqual(['hello.ova', 'hello.qcow2', 'hello.sizes.txt', 'sphere.ova', 'sphere.qcow2', 'sphere.sizes.txt']);
  check();

  rmSync(join(out, 'hello.ova'));
  await delivered('sphere', 'three', { 'sizes.txt': 'small' });
  expect(listed()).not.toContain('hello.ova');
  check();
});

it('removes the documents of an earlier bake of this image, and of no other', async () => {
  await delivered('sphere', 'one', { 'sizes.txt': 'small', 'verify.json': '{}', 'proof.json': '{}' });
  await delivered('hello', 'two', { 'verify.json': '{}' });
  await delivered('sphere', 'three', { 'sizes.txt': 'large' });
  expect(readdirSync(out).sort()).toEqual([
    'SHA256SUMS',
    'hello.ova',
    'hello.qcow2',
    'hello.verify.json',
    'sphere.ova',
    'sphere.qcow2',
    'sphere.sizes.txt',
  ]);
  check();
});

it('leaves sums that fit where it is cut off', async () => {
  await delivered('sphere', 'one', { 'verify.json': '{}' });
  await delivered('hello', 'two', {});
  const artefacts = [cached('sphere.qcow2', 'new'), { name: 'sphere.ova', file: { path: join(cache, 'gone'), bytes: 3, sha256: 'x' } }];
  await expect(deliver({ out, baseName: 'sphere', artefacts, documents: {}, parts: undefined }, testContext().ctx)).rejects.toThrow('gone');
  expect(readFileSync(join(out, 'sphere.qcow2'), 'utf8')).toBe('new');
  expect(listed()).toEqual(['hello.ova', 'hello.qcow2']);
  check();
});

it('copies what is there already only where somebody wrote to it', async () => {
  await delivered('sphere', 'one', {});
  const before = statSync(join(out, 'sphere.ova')).ino;
  writeFileSync(join(out, 'sphere.qcow2'), 'eno');
  await delivered('hello', 'two', {});
  await delivered('sphere', 'one', {});
  expect(statSync(join(out, 'sphere.ova')).ino).toBe(before);
  expect(readFileSync(join(out, 'sphere.qcow2'), 'utf8')).toBe('one');
  appendFileSync(join(out, 'sphere.ova'), 'x');
  await delivered('sphere', 'one', {});
  check();
});

it('takes off the list what it does not make of this image any more, says so, and deletes nothing', async () => {
  await delivered('sphere', 'one', {});
  await delivered('sphere-extra', 'two', {});
  const { ctx, events } = testContext();
  const artefacts = [cached('sphere.qcow2', 'three')];
  await deliver({ out, baseName: 'sphere', artefacts, documents: {}, parts: undefined }, ctx);
  expect(listed()).toEqual(['sphere-extra.ova', 'sphere-extra.qcow2', 'sphere.qcow2']);
  expect(readFileSync(join(out, 'sphere.ova'), 'utf8')).toBe('one as OVA');
  const warnings = events.flatMap((event) => (event.type === 'message' && event.level === 'warning' ? [event.text] : []));
  expect(warnings).toEqual([expect.stringContaining(`${join(out, 'sphere.ova')} is of an earlier bake`)]);
  check();
});

it('lists all of two deliveries that come at once', async () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  await Promise.all(names.map((name) => delivered(name, name, { 'sizes.txt': name })));
  expect(listed()).toEqual(names.flatMap((name) => [`${name}.ova`, `${name}.qcow2`, `${name}.sizes.txt`]));
  expect(readdirSync(out).filter((name) => name.includes('lock'))).toEqual([]);
  check();
});
