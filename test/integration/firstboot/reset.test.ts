/** Factory reset of a unit in a folder: nothing of the owner stays, whenever it is cut off. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { SETUP_UNITS } from '../../../firstboot/contract/setup.ts';
import type { Unit } from '../../../firstboot/contract/unit.ts';
import { runCtl } from '../../../firstboot/ctl/cli.ts';
import { commandsFor } from '../../../firstboot/ctl/index.ts';
import { bundleUnitctl, FakeUnit } from './fake-unit.ts';

const title = { en: 'T' };
const UNIT: Unit = {
  schemaVersion: 1,
  name: 'shop',
  version: '1.0.0',
  title: { en: 'The shop' },
  services: { web: { ready: { unit: 'web.service' } } },
  ports: [],
  state: {
    data: { kind: 'data', path: '/srv/data', owner: 'root' },
    cache: { kind: 'cache', path: '/srv/cache-file', owner: 'root' },
    none: { kind: 'data', path: '/srv/never-there', owner: 'root' },
  },
  steps: [
    { id: 'key', title, use: 'secret', with: { name: 'key', length: 40 } },
    { id: 'config', title, use: 'template', with: { from: 'config', to: '/etc/shop.conf', format: 'text' } },
    { id: 'data', title, use: 'directory', with: { path: '/srv/data' } },
    { id: 'files', title, use: 'user', with: { name: 'files' } },
    { id: 'password', title, use: 'command', with: { run: ['chpasswd'], stdin: 'files:{{secrets.key}}\n' } },
    { id: 'own', title, use: 'executable', with: { file: '10-own', reads: ['domain.name'] } },
    { id: 'broken', title, use: 'executable', with: { file: '20-broken' } },
  ],
  probes: {},
};
/** Keeps what it was called with, and cannot undo without it. */
const OWN = `#!/bin/bash
cd "\${0%/usr/lib/unit/apply.d/*}/srv" || exit 2
input=$(cat)
case $1 in
  check) [[ -e own ]] ;;
  apply) printf '%s' "$input" >own ;;
  undo) [[ $input == *'"name":'* ]] && rm -f own ;;
esac
`;
const ANSWERS = {
  schemaVersion: 1,
  network: { hostName: 'owners', dns: '192.0.2.53', search: ['owner.example.org'], proxy: 'http://owner.example.org:3128' },
  domain: { name: 'owner.example.org' },
  time: { zone: 'Asia/Tokyo', ntp: ['ntp.owner.example.org'] },
  administrator: {
    login: 'owner',
    password: 'owner-secret-1',
    sshKeys: ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGwvQhJoTTWEKSKTjrcCjrX6TiWDBWSLSOAKgSWk2dQ9 owner'],
  },
  mail: { mode: 'relay', host: 'mail.owner.example.org', user: 'owner', password: 'owner-secret-2', senderAddress: 'a@owner.example.org' },
};
/** Every call in a full run; a sample otherwise. */
const EVERY = process.env['UNITSMITH_TEST'] === 'full' ? 1 : 4;

let folder: string;
let bundle: string;
const units: FakeUnit[] = [];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'unit-reset-'));
  bundle = await bundleUnitctl(folder);
});
afterAll(() => {
  for (const path of [folder, ...units.map(({ root }) => root)]) rmSync(path, { recursive: true, force: true });
});

function makeUnit(): FakeUnit {
  const unit = new FakeUnit(bundle, UNIT, {
    '/usr/lib/unit/templates/config': '{{settings.domain.name}} {{secrets.key}}\n',
    '/usr/sbin/postfix': '',
    '/etc/machine-id': '0123456789abcdef0123456789abcdef\n',
    '/etc/ssh/sshd_config': 'x\n',
    '/etc/ssh/ssh_host_ed25519_key': 'k\n',
    '/etc/shadow': '',
    '/srv/image': 'of the image\n',
    '/var/mail/.keep': '',
    '/etc/hosts': '127.0.0.1 localhost\n',
  });
  unit.write('/usr/lib/unit/apply.d/10-own', OWN, 0o755);
  unit.write('/usr/lib/unit/apply.d/20-broken', '#!/bin/bash\ncat >/dev/null; [[ $1 == check ]]\n', 0o755);
  units.push(unit);
  return unit;
}

async function apply(unit: FakeUnit, answers: object): Promise<void> {
  unit.write('/answers.json', JSON.stringify(answers));
  expect(await unit.unitctl(['apply', '--answers', unit.at('/answers.json')])).toMatchObject({ exitCode: 0 });
  rmSync(unit.at('/answers.json'));
}

async function setUp(unit: FakeUnit): Promise<void> {
  await apply(unit, ANSWERS);
  unit.write('/srv/data/rows', "the owner's\n");
  unit.write('/srv/cache-file', "the owner's\n");
  unit.write('/etc/systemd/network/05-unit-ens192.network', "the owner's\n");
  unit.write('/etc/unit/tls/privkey.pem', "the owner's\n");
  unit.write('/etc/unit/answers.yaml', "the owner's\n");
  unit.write('/var/mail/root', "the owner's\n");
}

function expectFactoryState(unit: FakeUnit): void {
  const tree = unit.tree();
  for (const [path, text] of Object.entries(tree).filter(([each]) => !/^\/(bin|usr)\//.test(each))) {
    expect(`${path} ${text}`).not.toMatch(/owner\.example\.org|owner-secret|the owner's|\bowners?\b/);
    expect(path).not.toMatch(/^\/(var\/lib\/unit\/|srv\/(own|data)|etc\/(shop\.conf|unit\/tls|ssh\/ssh_host))/);
  }
  const { http, https, later, helperSocket, page } = SETUP_UNITS;
  const enabled = Object.keys(tree).flatMap((path) => /^\/etc\/enabled-(.*)$/.exec(path)?.[1] ?? []);
  expect(enabled.sort()).toEqual([http, https, later, helperSocket, page].sort());
  expect(existsSync(unit.at('/var/lib/unit/resetting'))).toBe(false);
  expect(existsSync(unit.at('/var/lib/unit/finalised'))).toBe(false);
  expect(unit.read('/etc/machine-id')).toBe('uninitialized\n');
  expect(unit.read('/run/unit/firewall')).toBe('/etc/unit/firewall/waiting.nft\n');
  expect(unit.read('/srv/image')).toBe('of the image\n');
  expect(unit.read('/etc/shadow')).toMatch(/^files:!:/m);
  expect(tree['/etc/ssh/sshd_config']).toBeDefined();
  expect(tree['/var/mail/.keep'] ?? tree['/var/mail/root']).toBeUndefined();
}

let calls = 0;

test('nothing of the owner stays, and the unit can be set up anew', async () => {
  const unit = makeUnit();
  await setUp(unit);
  expect(unit.read('/etc/shadow')).toMatch(/^files:\$y\$/m);
  unit.write('/calls', '');
  const { exitCode, stdout } = await unit.unitctl(['reset', '--yes-really']);
  expect(exitCode, stdout).toBe(0);
  calls = unit.read('/calls').trimEnd().split('\n').length;
  expect(stdout).toContain('broken could not be undone');
  expectFactoryState(unit);
  expect(existsSync(unit.at('/rebooted'))).toBe(true);
  expect(readFileSync(unit.at('/announced'), 'utf8').trimEnd().split('\n').at(-1)).toBe('waiting');
  expect((await unit.unitctl(['status', '--json'])).events[0]?.['data']).toMatchObject({ state: 'waiting', finalised: false });
  await setUp(unit);
  expect(unit.read('/etc/shop.conf')).toContain('owner.example.org');
});

test('whoever was administrator once goes too, even where the settings cannot be read any more', async () => {
  const unit = makeUnit();
  await apply(unit, ANSWERS);
  await apply(unit, { ...ANSWERS, administrator: { ...ANSWERS.administrator, login: 'other' } });
  unit.write('/home/owner/.ssh/authorized_keys', 'ssh-rsa AAAA of-ssh-copy-id\n');
  const settings = JSON.parse(unit.read('/var/lib/unit/settings.json')) as object;
  unit.write('/var/lib/unit/settings.json', JSON.stringify({ ...settings, schemaVersion: 0 }));
  const { exitCode, stdout } = await unit.unitctl(['reset', '--yes-really', '--no-reboot']);
  expect(exitCode, stdout).toBe(0);
  expect(unit.read('/etc/passwd')).not.toMatch(/^(owner|other):/m);
  expect(existsSync(unit.at('/home/owner'))).toBe(false);
  expect(existsSync(unit.at('/home/other'))).toBe(false);
});

test('cut off anywhere, it goes on and ends the same', async () => {
  expect(calls).toBeGreaterThan(10);
  // The last one was the restart.
  for (let at = 1; at < calls; at += EVERY) {
    const unit = makeUnit();
    await setUp(unit);
    unit.killAtCall(at);
    expect((await unit.unitctl(['reset', '--yes-really', '--no-reboot'])).signal, `call ${at}`).toBe('SIGKILL');
    rmSync(unit.at('/kill-at'), { force: true });
    const marked = existsSync(unit.at('/var/lib/unit/resetting'));
    // Before the marker nothing has happened, and the lock's flock is a call too.
    if (!marked) expect(existsSync(unit.at('/var/lib/unit/finalised')), `call ${at}`).toBe(true);
    const again = await unit.unitctl(['reset', '--no-reboot', ...(marked ? ['--resume'] : ['--yes-really'])]);
    expect(again, `call ${at}`).toMatchObject({ exitCode: 0 });
    expectFactoryState(unit);
  }
}, 300_000);

test('it asks twice, and takes no for an answer', async () => {
  const unit = makeUnit();
  await setUp(unit);
  const before = unit.tree();
  for (const answers of [[], ['shop'], ['shop', 'no'], ['other', 'yes'], ['yes', 'yes']]) {
    const rest = [...answers];
    const edge = {
      path: `${unit.at('/bin')}:${process.env['PATH'] ?? ''}`,
      stdout: () => undefined,
      stderr: () => undefined,
      signal: new AbortController().signal,
      ask: () => Promise.resolve(rest.shift()),
    };
    expect(await runCtl(edge, await commandsFor([]), ['--root', unit.root, 'reset', '--no-reboot']), answers.join()).toBe(2);
    expect(unit.tree()).toEqual(before);
  }
  expect(await unit.unitctl(['reset', '--resume'])).toMatchObject({ exitCode: 0, stdout: 'There is no reset to go on with.' });
  expect(unit.tree()).toEqual(before);
});
