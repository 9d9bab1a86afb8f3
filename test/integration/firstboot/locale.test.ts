import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { bundleUnitctl, EMPTY_UNIT, FakeUnit } from './fake-unit.ts';

let folder: string;
let bundle: string;
let unit: FakeUnit;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'unit-locale-'));
  bundle = await bundleUnitctl(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => {
  unit = new FakeUnit(bundle, EMPTY_UNIT, {
    '/usr/share/i18n/SUPPORTED': 'ja_JP.UTF-8 UTF-8\nja_JP.EUC-JP EUC-JP\n',
    '/usr/share/X11/xkb/symbols/ru': '',
    '/etc/locale.gen': '# de_DE.UTF-8 UTF-8\n',
    '/generated': 'C\nC.utf8\nPOSIX\n',
  });
  const program = (name: string, script: string): void =>
    unit.write(`/bin/${name}`, `#!/bin/bash\nroot='${unit.root}'\n${script}\n`, 0o755);
  program('locale', 'cat "$root/generated"');
  // As the real one lists them afterwards.
  program('locale-gen', `sed -n 's/^\\([a-z]\\{2,3\\}_[A-Z]*\\)\\.UTF-8 UTF-8$/\\1.utf8/p' "$root/etc/locale.gen" >>"$root/generated"`);
  program('setupcon', 'printf "%s\\n" "$*" >>"$root/setupcon-calls"');
});

async function apply(time: object): Promise<{ exitCode: number | null; changed: unknown[]; stderr: string; stdout: string }> {
  unit.write(
    '/answers.json',
    JSON.stringify({ schemaVersion: 1, administrator: { password: 'long enough' }, time: { zone: 'Etc/UTC', ...time } }),
  );
  const { exitCode, events, stderr, stdout } = await unit.unitctl(['apply', '--json', '--answers', unit.at('/answers.json')]);
  const changed = events.filter((event) => event['changed'] === true && /locale|keyboard/.test(String(event['step'])));
  return { exitCode, changed: changed.map((event) => event['step']), stderr, stdout };
}

test('a locale is made where its data is missing, and the keyboard set; the second time nothing is to do', async () => {
  const time = { locale: 'ja_JP.UTF-8', keyboard: 'ru' };
  expect(await apply(time)).toMatchObject({ exitCode: 0, changed: ['begin:locale', 'begin:keyboard'] });
  expect(unit.read('/etc/locale.conf')).toContain('\nLANG=ja_JP.UTF-8\n');
  expect(unit.read('/etc/locale.gen')).toBe('# de_DE.UTF-8 UTF-8\nja_JP.UTF-8 UTF-8\n');
  expect(unit.read('/etc/default/keyboard')).toContain('XKBLAYOUT="us,ru"');
  expect(unit.read('/setupcon-calls')).toBe('--force --save --keyboard-only\n');
  expect(await apply(time)).toMatchObject({ exitCode: 0, changed: [] });
  expect(await apply({})).toMatchObject({ exitCode: 0, changed: ['begin:locale'] });
  expect(unit.read('/etc/locale.conf')).toBe('');
});

test('what every image has needs no data', async () => {
  expect(await apply({ locale: 'C.UTF-8' })).toMatchObject({ exitCode: 0, changed: ['begin:locale'] });
  expect(unit.read('/etc/locale.gen')).toBe('# de_DE.UTF-8 UTF-8\n');
});

test.each([
  [{ locale: 'xx_XX.UTF-8' }, 'this unit does not know the locale xx_XX.UTF-8'],
  [{ keyboard: 'klingon' }, 'this unit does not know the keyboard layout klingon'],
])('%j is refused, and nothing is written', async (time, message) => {
  const { exitCode, stdout } = await apply(time);
  expect(exitCode).toBe(4);
  expect(stdout).toContain(message);
  expect(unit.tree()).not.toHaveProperty(['/etc/locale.conf']);
  expect(unit.tree()).not.toHaveProperty(['/etc/default/keyboard']);
});
