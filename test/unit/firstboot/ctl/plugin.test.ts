import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import { runCtl } from '../../../../firstboot/ctl/cli.ts';
import { register } from '../../../../firstboot/ctl/plugin.ts';
import { fakeProgram } from '../../../helpers/fake-program.ts';

const SERVICE = { ready: { tcp: '127.0.0.1:1' } };
const PLUGINS = {
  authentication: { title: { en: 'Authentication' }, into: '/var/lib/app/plugins', suffix: '.jar', restart: ['app'] },
  extension: { title: { en: 'Extensions' }, into: '/var/lib/app/extensions', suffix: '.jar' },
  theme: { title: { en: 'Themes' }, into: '/var/lib/app/themes', suffix: '.tar.gz' },
};

/** A unit in a folder, whose systemctl says that everything runs and notes what it is told. */
function makeUnit(plugins: object = PLUGINS) {
  const root = mkdtempSync(join(tmpdir(), 'unitsmith-plugin-'));
  mkdirSync(join(root, 'usr/lib/unit'), { recursive: true });
  writeFileSync(
    join(root, 'usr/lib/unit/unit.json'),
    JSON.stringify({ schemaVersion: 1, services: { app: SERVICE, web: { ...SERVICE, after: ['app'] } }, plugins }),
  );
  const orders = join(root, 'orders');
  writeFileSync(orders, '');
  const bin = fakeProgram(
    'systemctl',
    `case $1 in show) echo ActiveState=active; echo ActiveEnterTimestampMonotonic=1;; *) echo "$@" >>'${orders}';; esac`,
  );
  const unitctl = async (...argv: string[]) => {
    const said = { out: '', err: '' };
    const exitCode = await runCtl(
      {
        path: `${bin}:/usr/bin:/bin`,
        signal: new AbortController().signal,
        stdout: (text) => {
          said.out += text;
        },
        stderr: (text) => {
          said.err += text;
        },
      },
      [register],
      ['--root', root, ...argv],
    );
    return { exitCode, ...said };
  };
  return { root, unitctl, orders: () => readFileSync(orders, 'utf8') };
}

function plugin(name: string, content = 'jar'): string {
  const path = join(mkdtempSync(join(tmpdir(), 'unitsmith-plugin-')), name);
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}

test('a file is added, listed, replaced and removed, and what uses it restarted', async () => {
  const { root, unitctl, orders } = makeUnit();
  expect(await unitctl('plugin', 'add', plugin('log-in.jar'), '--kind', 'authentication')).toMatchObject({ exitCode: 0 });
  const path = join(root, 'var/lib/app/plugins/log-in.jar');
  expect(statSync(path).mode & 0o777).toBe(0o644);
  expect(orders()).toMatch(/restart.* app\.service/);
  expect(orders()).toMatch(/start.* unit\.target/);

  await unitctl('plugin', 'add', plugin('log-in.jar', 'another'), '--kind', 'authentication');
  expect(readFileSync(path, 'utf8')).toBe('another');
  const listed = await unitctl('plugin', 'list', '--json');
  expect(JSON.parse(listed.out).data).toEqual([
    { kind: 'authentication', name: 'log-in.jar', path: '/var/lib/app/plugins/log-in.jar', bytes: 7 },
  ]);

  expect(await unitctl('plugin', 'remove', 'log-in.jar')).toMatchObject({ exitCode: 0, out: expect.stringContaining('removed') });
  expect(readdirSync(join(root, 'var/lib/app/plugins'))).toEqual([]);
});

test('the kind is known by the end of the name where there is one such; a kind without services restarts nothing', async () => {
  const { root, unitctl, orders } = makeUnit();
  expect(await unitctl('plugin', 'add', plugin('dark.tar.gz'))).toMatchObject({ exitCode: 0 });
  expect(readdirSync(join(root, 'var/lib/app/themes'))).toEqual(['dark.tar.gz']);
  expect(orders()).toBe('');
});

test.each([
  [['add', 'log-in.jar'], 'may be of several kinds'],
  [['add', 'log-in.txt'], 'is of no kind'],
  [['add', 'log-in.jar', '--kind', 'nonsense'], 'there is no kind nonsense'],
  [['add', 'log-in.jar', '--kind', 'theme'], 'is no name for the kind theme'],
  [['add', '.hidden.tar.gz'], 'is no name for the kind theme'],
  [['add', 'nowhere.tar.gz'], 'cannot be read'],
  [['remove', 'nothing.jar'], 'is of no kind'],
  [['remove', 'nothing.jar', '--kind', 'theme'], 'there is no nothing.jar'],
])('%j is refused, with what to do', async ([verb = '', name = '', ...rest], message) => {
  const { unitctl } = makeUnit();
  const file = name === 'nowhere.tar.gz' ? `/nowhere/${name}` : verb === 'add' ? plugin(name) : name;
  const { exitCode, err } = await unitctl('plugin', verb, file, ...rest);
  expect(exitCode).toBe(2);
  expect(err).toContain(message);
  expect(err).toContain('->');
});

test('a product without kinds says so', async () => {
  const { unitctl } = makeUnit({});
  const { exitCode, err } = await unitctl('plugin', 'list');
  expect({ exitCode, err }).toMatchObject({ exitCode: 2, err: expect.stringContaining('this product takes no plugins') });
});
