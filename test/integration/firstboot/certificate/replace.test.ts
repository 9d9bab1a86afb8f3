import { spawnSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { System } from '../../../../firstboot/kit/system.ts';
import { readInUse, readReloadDue } from '../../../../firstboot/sections/certificate/place.ts';
import { fakeProgram } from '../../../helpers/fake-program.ts';
import { Maker } from '../../../unit/firstboot/sections/certificate/made.ts';

let maker: Maker;
let folder: string;
let program: string;
let bin: string;
const FILES = { old: ['1.pem', '1.key'], new: ['2.pem', '2.key'] } as const;

beforeAll(async () => {
  maker = new Maker();
  folder = mkdtempSync(join(tmpdir(), 'unit-replace-'));
  for (const name of ['old.example.org', 'new.example.org']) maker.certificate(name, { names: `DNS:${name}` });
  bin = fakeProgram('getent', 'grep "^$2:" "${0%/*}/groups" || exit 2');
  program = join(folder, 'replace.mjs');
  await build({
    entryPoints: [join(import.meta.dirname, 'replace.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'warning',
  });
});
afterAll(() => {
  for (const each of [folder, maker.folder]) rmSync(each, { recursive: true, force: true });
});

/** On a unit with these groups, as group(5) has them. */
function replace(root: string, by: keyof typeof FILES, killAt = 0, groups = ''): { killed: boolean; trace: string[] } {
  const args = [program, root, ...FILES[by].map((name) => join(maker.folder, name)), String(killAt)];
  const env = { ...process.env, PATH: `${bin}:${process.env['PATH']}` };
  writeFileSync(join(bin, 'groups'), groups);
  const { signal, status, stdout, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' });
  if (signal === null && status !== 0) throw new Error(stderr);
  return { killed: signal === 'SIGKILL', trace: stdout.split('\n').filter((line) => line !== '') };
}

/** What a service finds that starts now. */
function served(root: string): string {
  const read = (name: string): string => readFileSync(join(root, 'etc/unit/tls', name), 'utf8');
  const certificate = new X509Certificate(read('fullchain.pem'));
  expect(certificate.checkPrivateKey(createPrivateKey(read('privkey.pem')))).toBe(true);
  return certificate.subject.replace('CN=', '');
}

const systemOf = (root: string): System => new System({ root, path: process.env['PATH'] ?? '', signal: new AbortController().signal });

/** Every moment in a full run; otherwise a sample, and all those around the swap. */
const EVERY = process.env['UNITSMITH_TEST'] === 'full' ? 1 : 6;

test('killed at any moment, a pair is in use that belongs together, and the next time all is well', { timeout: 300_000 }, async () => {
  const first = join(folder, 'first');
  replace(first, 'old');
  const whole = join(folder, 'whole');
  cpSync(first, whole, { recursive: true, verbatimSymlinks: true });
  const { trace } = replace(whole, 'new');
  const swap = trace.findIndex(isSwap) + 1;
  const moments = trace.map((_, index) => index + 1).filter((at) => at % EVERY === 0 || Math.abs(at - swap) <= 1);
  const seen = new Set<string>();
  for (const at of moments) {
    const root = join(folder, `cut-${at}`);
    cpSync(first, root, { recursive: true, verbatimSymlinks: true });
    rmSync(join(root, 'var/lib/unit/tls/reload-due'));
    expect(replace(root, 'new', at).killed).toBe(true);
    const name = served(root);
    seen.add(name);
    // Whoever serves the new one without having been told is found.
    if (name === 'new.example.org') expect(await readReloadDue(systemOf(root))).toBeDefined();
    replace(root, 'new');
    expect(served(root)).toBe('new.example.org');
    expect((await readInUse(systemOf(root)))?.leaf.subject).toBe('CN=new.example.org');
    // The one in use and the one before; nothing half made.
    expect(readdirSync(join(root, 'var/lib/unit/tls')).filter((each) => each !== 'reload-due')).toHaveLength(2);
    expect(readdirSync(join(root, 'etc/unit'))).toEqual(['tls']);
  }
  expect([...seen]).toEqual(['old.example.org', 'new.example.org']);
});

const isSwap = (line: string): boolean => line.startsWith('rename /etc/unit/.tls.partial /etc/unit/tls');

test('all of it is on disk before the link leads there', () => {
  const root = join(folder, 'trace');
  replace(root, 'old');
  const { trace } = replace(root, 'new');
  const swap = trace.findIndex(isSwap);
  const target = readlinkSync(join(root, 'etc/unit/tls')).replace('../..', '');
  const before = trace.slice(0, swap);
  for (const name of ['fullchain.pem', 'privkey.pem', 'made.json']) {
    const partial = before.findIndex((line) => line.startsWith(`sync ${target}/.${name}.`));
    const renamed = before.findIndex((line) => line.startsWith(`rename ${target}/.${name}.`));
    expect([partial >= 0, partial < renamed]).toEqual([true, true]);
    expect(before.slice(renamed)).toContain(`sync ${target}`);
  }
  expect(before.slice(before.lastIndexOf(`sync ${target}`))).toContain('sync /var/lib/unit/tls');
  expect(trace.slice(swap + 1)).toContain('sync /etc/unit');
  expect(statSync(join(root, target, 'privkey.pem')).mode & 0o777).toBe(0o600);
});

test('services that read keys by the group ssl-cert can, where the unit has it', () => {
  const root = join(folder, 'group');
  const gid = process.getgid?.() ?? 0;
  replace(root, 'old', 0, `ssl-cert:x:${gid}:\n`);
  const { mode, gid: group } = statSync(join(root, 'etc/unit/tls/privkey.pem'));
  expect([(mode & 0o777).toString(8), group]).toEqual(['640', gid]);
  expect(existsSync(join(root, 'etc/unit/tls/ca.pem'))).toBe(false);
});
