import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';

import type { Unit } from '../../../firstboot/contract/unit.ts';
import { bundleUnitctl, FakeUnit } from './fake-unit.ts';

const PASSWORD = `p'w"d $HOME é\\n & <secret>`;

const UNIT: Unit = {
  schemaVersion: 1,
  name: 'shop',
  version: '1.0.0',
  title: { en: 'Shop' },
  services: { database: { ready: { unit: 'database.service' }, layer: 1 }, web: { ready: { unit: 'web.service' }, layer: 2 } },
  ports: [{ port: 80, purpose: 'web' }],
  state: {},
  steps: [
    { id: 'user', title: { en: 'User' }, use: 'user', with: { name: 'app', system: true } },
    { id: 'folder', title: { en: 'Folder' }, use: 'directory', with: { path: '/srv/app/conf', owner: 'app', mode: '0750' } },
    { id: 'key', title: { en: 'Key' }, use: 'secret', with: { name: 'key', length: 40 } },
    { id: 'admin', title: { en: 'Admin' }, use: 'secret', with: { name: 'admin', from: 'product.password' } },
    {
      id: 'config',
      title: { en: 'Configuration' },
      use: 'template',
      with: { from: 'config.json', to: '/srv/app/conf/config.json', format: 'json', owner: 'app' },
    },
    { id: 'page', title: { en: 'Page' }, use: 'template', with: { from: 'page.txt', to: '/srv/app/page.txt', format: 'text' } },
    {
      id: 'once',
      title: { en: 'Once' },
      use: 'command',
      with: {
        run: ['bash', '-c', 'cat >>ran; echo "said: $(tail -n 1 ran)"'],
        cwd: '/srv/app',
        stdin: '{{settings.product.title}} {{secrets.key}}\n',
      },
    },
    { id: 'own', title: { en: 'Own' }, use: 'executable', with: { file: '10-own', reads: ['product.title'], secrets: ['key'] } },
    { id: 'db', title: { en: 'Database' }, use: 'service', with: { name: 'database' } },
  ],
  probes: { smoke: [{ title: 'page is there', probe: { command: ['true'] } }] },
};

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['title', 'password'],
  properties: { title: { type: 'string' }, password: { type: 'string', writeOnly: true } },
};

/** By the step protocol: keeps its input, and a file that says that it was applied. */
const OWN = `#!/bin/bash
cd "\${0%/usr/lib/unit/apply.d/*}/srv/app" || exit 2
input=$(cat)
# Whoever called was killed before it had said anything.
[[ -n $input ]] || exit 3
case $1 in
  check) [[ -e own ]] ;;
  apply) printf '%s' "$input" >own; echo '{ "message": "made" }' ;;
esac
`;

/** Every call in a full run, which takes a minute; a sample otherwise. */
const EVERY = process.env['UNITSMITH_TEST'] === 'full' ? 1 : 7;

let folder: string;
let bundle: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'unit-apply-'));
  bundle = await bundleUnitctl(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const units: FakeUnit[] = [];
afterAll(() => {
  for (const unit of units) rmSync(unit.root, { recursive: true, force: true });
});

function makeUnit(definition: Unit = UNIT): FakeUnit {
  const unit = new FakeUnit(bundle, definition, {
    '/usr/lib/unit/settings.schema.json': JSON.stringify(SCHEMA),
    '/usr/lib/unit/templates/config.json':
      '{ "title": {{settings.product.title}}, "key": {{secrets.key}}, "password": {{secrets.admin}} }\n',
    '/usr/lib/unit/templates/page.txt': '{{settings.product.title}} of {{unit.name}}\n',
  });
  unit.write('/usr/lib/unit/apply.d/10-own', OWN, 0o755);
  answer(unit, 'A shop');
  units.push(unit);
  return unit;
}

function answer(unit: FakeUnit, title: string): void {
  unit.write('/answers.yaml', JSON.stringify({ schemaVersion: 1, product: { title, password: PASSWORD } }));
}

const apply = (unit: FakeUnit): string[] => ['apply', '--json', '--answers', unit.at('/answers.yaml')];
const resume = ['apply', '--json', '--resume'];

/** What a finished unit must look like, whatever happened on the way. */
function expectFinished(unit: FakeUnit, title = 'A shop'): void {
  const key = unit.read('/var/lib/unit/secrets/key');
  expect(key).toMatch(/^[0-9A-Za-z]{40}$/);
  expect(JSON.parse(unit.read('/srv/app/conf/config.json'))).toEqual({ title, key, password: PASSWORD });
  expect(statSync(unit.at('/srv/app/conf/config.json')).mode & 0o777).toBe(0o600);
  expect(statSync(unit.at('/srv/app/conf')).mode & 0o777).toBe(0o750);
  expect(unit.read('/srv/app/page.txt')).toBe(`${title} of shop\n`);
  expect(unit.read('/srv/app/ran')).toContain(`${title} ${key}\n`);
  expect(JSON.parse(unit.read('/srv/app/own'))).toEqual({
    settings: { product: { title: 'A shop' } },
    unit: { name: 'shop', version: '1.0.0', title: { en: 'Shop' } },
    secrets: { key: unit.at('/var/lib/unit/secrets/key') },
  });
  expect(JSON.parse(unit.read('/var/lib/unit/finalised'))).toMatchObject({ image: 'shop', version: '1.0.0' });
  expect(unit.read('/run/unit/firewall').trim()).toBe('/etc/unit/firewall/ready.nft');
  expect(unit.tree()).not.toHaveProperty('/var/lib/unit/unfinished');
  expect(Object.keys(unit.tree()).filter((path) => path.endsWith('.partial'))).toEqual([]);
}

function expectNoSecretIn(text: string, unit: FakeUnit): void {
  for (const secret of [PASSWORD, JSON.stringify(PASSWORD).slice(1, -1), unit.read('/var/lib/unit/secrets/key')])
    expect(text).not.toContain(secret);
}

describe('apply', () => {
  test('sets a unit up, and a second time changes nothing', async () => {
    const unit = makeUnit();
    const first = await unit.unitctl(apply(unit));
    expect(first.stderr).toBe('');
    expect(first.exitCode).toBe(0);
    expectFinished(unit);
    expect(unit.read('/announced')).toBe('applying\nready\n');
    const tree = unit.tree();

    const second = await unit.unitctl(apply(unit));
    expect(second.exitCode).toBe(0);
    expect(second.events.filter((event) => event['changed'] === true)).toEqual([]);
    expect(unit.tree()).toEqual(tree);
    expect(unit.read('/srv/app/ran').split('\n')).toHaveLength(2);

    const status = await unit.unitctl(['status', '--json']);
    expect(status.events[0]).toMatchObject({
      data: {
        state: 'ready',
        finalised: true,
        services: [
          { name: 'database', ready: true },
          { name: 'web', ready: true },
        ],
      },
    });
  });

  test('keeps secrets out of journal, events, settings and argv', async () => {
    const unit = makeUnit();
    const { stdout } = await unit.unitctl(apply(unit));
    expect(stdout).toContain('said: A shop ********');
    for (const text of [stdout, unit.read('/var/lib/unit/journal.jsonl'), unit.read('/var/lib/unit/settings.json'), unit.read('/calls')]) {
      expectNoSecretIn(text, unit);
    }
    const shown = await unit.unitctl(['settings', 'get', 'product']);
    expect(JSON.parse(shown.stdout)).toEqual({ title: 'A shop', password: '(set)' });
    for (const path of [
      '/var/lib/unit/settings.json',
      '/var/lib/unit/secrets/key',
      '/var/lib/unit/secrets/settings.product.password',
      '/var/lib/unit/journal.jsonl',
    ]) {
      expect(statSync(unit.at(path)).mode & 0o777).toBe(0o600);
    }
  });

  test('killed after events, later each time, it goes on and ends the same', async () => {
    const unit = makeUnit();
    let kills = 0;
    for (let killAt = 1; killAt < 200; killAt += EVERY === 1 ? 1 : 3) {
      const run = await unit.unitctl(kills === 0 ? apply(unit) : resume, killAt);
      if (run.signal !== 'SIGKILL') {
        expect(run.exitCode).toBe(0);
        break;
      }
      kills += 1;
    }
    expect(kills).toBeGreaterThan(EVERY === 1 ? 25 : 8);
    // The last one may have been killed between success and its own end.
    expect((await unit.unitctl(resume)).exitCode).toBe(0);
    expectFinished(unit);
  }, 120_000);

  test('killed inside of steps, by what they call, it goes on and ends the same', async () => {
    const reference = makeUnit();
    await reference.unitctl(apply(reference));
    const calls = reference.read('/calls').split('\n').length - 1;
    expect(calls).toBeGreaterThan(20);
    for (let at = 1; at <= calls; at += EVERY) {
      const unit = makeUnit();
      unit.killAtCall(at);
      expect((await unit.unitctl(apply(unit))).signal).toBe('SIGKILL');
      unit.write('/kill-at', '');
      // Before the first step nothing is on disk to go on from.
      const again = await unit.unitctl(apply(unit));
      expect(again.exitCode).toBe(0);
      expectFinished(unit);
    }
  }, 300_000);

  test('a torn last line of the journal is cut off', async () => {
    const unit = makeUnit();
    await unit.unitctl(apply(unit), 12);
    unit.write('/var/lib/unit/journal.jsonl', `${unit.read('/var/lib/unit/journal.jsonl')}{"type":"done","st`, 0o600);
    expect((await unit.unitctl(resume)).exitCode).toBe(0);
    const lines = unit.read('/var/lib/unit/journal.jsonl').trimEnd().split('\n');
    for (const line of lines) expect(() => JSON.parse(line)).not.toThrow();
  });

  test('other answers change what depends on them and restart what ran before', async () => {
    const unit = makeUnit();
    await unit.unitctl(apply(unit));
    const key = unit.read('/var/lib/unit/secrets/key');
    answer(unit, 'Another');
    const { exitCode, events } = await unit.unitctl(apply(unit));
    expect(exitCode).toBe(0);
    expect(events.filter((event) => event['changed'] === true).map((event) => event['step'])).toEqual([
      'config',
      'page',
      'once',
      'finish:services',
    ]);
    expect(unit.read('/var/lib/unit/secrets/key')).toBe(key);
    expect(unit.read('/srv/app/page.txt')).toBe('Another of shop\n');
    expect(unit.read('/calls')).toContain('systemctl restart -- unit.target');
  });
});

describe('what every unit has', () => {
  const KEYS = ['one', 'two'].map((name) => `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMcGCUvGpBvGi3gPtQ0gFVZmZVtDqcmCxdCUSbpvRiJr ${name}`);
  const SECRET = `long 'enough': $HOME`;
  const KEYS_FILE = '/home/owner/.ssh/authorized_keys';

  function settle(unit: FakeUnit, settings: object): void {
    unit.write('/answers.yaml', JSON.stringify({ schemaVersion: 1, product: { title: 'A shop', password: PASSWORD }, ...settings }));
  }

  /** Applies, and says which entries changed anything. */
  async function changed(unit: FakeUnit): Promise<unknown[]> {
    const { exitCode, stderr, events } = await unit.unitctl(apply(unit));
    const failure = events.find(({ type }) => type === 'step-failed');
    expect({ exitCode, stderr, failure }).toEqual({ exitCode: 0, stderr: '', failure: undefined });
    return events.filter((event) => event['changed'] === true && String(event['step']).startsWith('begin:')).map((event) => event['step']);
  }

  const passwordField = (unit: FakeUnit): string | undefined => /^owner:([^:]*)/m.exec(unit.read('/etc/shadow'))?.[1];
  const calls = (unit: FakeUnit, pattern: RegExp): string[] =>
    unit
      .read('/calls')
      .split('\n')
      .filter((line) => pattern.test(line));

  test('host name, time and administrator are set, and a second time nothing is to do', async () => {
    const unit = makeUnit();
    unit.write('/etc/hosts', '127.0.0.1 localhost\n127.0.1.1 old.example.org old\n192.0.2.7 other');
    unit.write('/etc/timezone', 'Etc/UTC\n');
    settle(unit, {
      network: { hostName: 'shop' },
      time: { zone: 'Asia/Tokyo', ntp: ['ntp.example.org', '2001:db8::1'] },
      administrator: { login: 'owner', password: SECRET, sshKeys: KEYS },
    });
    expect(await changed(unit)).toEqual([
      'begin:host-name',
      'begin:time-zone',
      'begin:time-servers',
      'begin:administrator',
      'begin:certificate',
      'begin:updates',
      'begin:ports',
    ]);
    expect(unit.read('/etc/hostname')).toBe('shop\n');
    expect(unit.read('/etc/hosts')).toBe('127.0.0.1 localhost\n192.0.2.7 other\n127.0.1.1 shop\n');
    expect(readlinkSync(unit.at('/etc/localtime'))).toBe('../usr/share/zoneinfo/Asia/Tokyo');
    expect(unit.read('/etc/timezone')).toBe('Asia/Tokyo\n');
    expect(unit.read('/etc/systemd/timesyncd.conf.d/50-unit.conf')).toBe('[Time]\nNTP=ntp.example.org 2001:db8::1\n');
    expect(calls(unit, /try-restart/)).toEqual(['systemctl try-restart -- systemd-timesyncd.service']);

    expect(unit.read('/etc/passwd')).toMatch(/^owner:x:\d+:\d+::\/home\/owner:\/bin\/bash$/m);
    expect(unit.read('/etc/groups-owner')).toBe('sudo\n');
    expect(passwordField(unit)).toBe(`$y$${createHash('sha256').update(SECRET).digest('hex')}`);
    expect(
      unit
        .read(KEYS_FILE)
        .split('\n')
        .filter((line) => line.startsWith('ssh-')),
    ).toEqual(KEYS);
    expect(statSync(unit.at(KEYS_FILE)).mode & 0o777).toBe(0o600);
    expect(statSync(unit.at('/home/owner/.ssh')).mode & 0o777).toBe(0o700);
    expect(`${statSync(unit.at(KEYS_FILE)).uid}`).toBe(/^owner:x:(\d+)/m.exec(unit.read('/etc/passwd'))?.[1]);
    expect(unit.tree()).not.toHaveProperty('/etc/sudoers.d/50-unit-administrator');
    for (const path of ['/calls', '/var/lib/unit/journal.jsonl', '/var/lib/unit/settings.json'])
      expect(unit.read(path)).not.toContain(SECRET);

    const tree = unit.tree();
    expect(await changed(unit)).toEqual([]);
    expect(unit.tree()).toEqual(tree);
    expect(calls(unit, /^chpasswd|try-restart|^hostnamectl/)).toHaveLength(3);
  });

  test('other answers change what depends on them; what others have set stays', async () => {
    const unit = makeUnit();
    settle(unit, { time: { ntp: ['192.0.2.1'] }, administrator: { login: 'owner', password: SECRET, sshKeys: KEYS } });
    await changed(unit);
    const others = 'ssh-rsa AAAA of-cloud-init\n';
    unit.write(KEYS_FILE, unit.read(KEYS_FILE) + others, 0o600);
    unit.write('/etc/shadow', unit.read('/etc/shadow').replace(/^owner:[^:]*/m, 'owner:$y$chosen-with-passwd'));
    expect(await changed(unit)).toEqual([]);
    expect(passwordField(unit)).toBe('$y$chosen-with-passwd');

    settle(unit, { administrator: { login: 'owner', sshKeys: [] } });
    expect(await changed(unit)).toEqual(['begin:time-servers', 'begin:administrator']);
    expect(unit.read(KEYS_FILE)).toBe(others);
    expect(passwordField(unit)).toBe('$y$chosen-with-passwd');
    expect(unit.tree()).not.toHaveProperty('/etc/systemd/timesyncd.conf.d/50-unit.conf');
    expect(calls(unit, /try-restart/)).toHaveLength(2);
    expect(await changed(unit)).toEqual([]);
  });

  test('time servers go to chrony where the image has that, and count more than its own', async () => {
    const unit = makeUnit();
    unit.write('/usr/sbin/chronyd', '');
    settle(unit, { time: { ntp: ['ntp.example.org', '2001:db8::1'] } });
    expect(await changed(unit)).toContain('begin:time-servers');
    const lines = ['server ntp.example.org iburst prefer trust', 'server 2001:db8::1 iburst prefer trust', ''];
    expect(unit.read('/etc/chrony/sources.d/50-unit.sources')).toBe(lines.join('\n'));
    expect(unit.tree()).not.toHaveProperty('/etc/systemd/timesyncd.conf.d/50-unit.conf');
    expect(await changed(unit)).toEqual([]);
    settle(unit, {});
    expect(await changed(unit)).toEqual(['begin:time-servers']);
    expect(unit.tree()).not.toHaveProperty('/etc/chrony/sources.d/50-unit.sources');
    expect(calls(unit, /try-restart/)).toEqual(Array.from({ length: 2 }, () => 'systemctl try-restart -- chrony.service'));
  });

  test('who has a key and no password may use sudo without one', async () => {
    const unit = makeUnit();
    settle(unit, { administrator: { login: 'owner', sshKeys: KEYS } });
    await changed(unit);
    expect(unit.read('/etc/sudoers.d/50-unit-administrator')).toBe('owner ALL=(ALL:ALL) NOPASSWD: ALL\n');
    expect(statSync(unit.at('/etc/sudoers.d/50-unit-administrator')).mode & 0o777).toBe(0o440);
    expect(passwordField(unit)).toBe('!');
    settle(unit, { administrator: { login: 'owner', password: SECRET, sshKeys: KEYS } });
    expect(await changed(unit)).toEqual(['begin:administrator']);
    expect(unit.tree()).not.toHaveProperty('/etc/sudoers.d/50-unit-administrator');
  });

  test('a password is set when the settings have another one, or its hash is gone', async () => {
    const unit = makeUnit();
    const own = '/var/lib/unit/administrators.json';
    const asked = (password: string): void => settle(unit, { administrator: { login: 'owner', password, sshKeys: KEYS } });
    asked(SECRET);
    await changed(unit);
    expect(statSync(unit.at(own)).mode & 0o777).toBe(0o600);
    for (const hash of [`${createHash('sha256').update(SECRET).digest('hex')}`, SECRET]) expect(unit.read(own)).not.toContain(hash);
    unit.write('/etc/shadow', unit.read('/etc/shadow').replace(/^owner:[^:]*/m, 'owner:$y$chosen-with-passwd'));
    asked(`${SECRET} 2`);
    expect(await changed(unit)).toEqual(['begin:administrator']);
    expect(passwordField(unit)).toBe(`$y$${createHash('sha256').update(`${SECRET} 2`).digest('hex')}`);
    unit.write('/etc/shadow', unit.read('/etc/shadow').replace(/^owner:[^:]*/m, 'owner:!'));
    expect(await changed(unit)).toEqual(['begin:administrator']);
    expect(passwordField(unit)).toMatch(/^\$y\$/);
  });

  test('who was the administrator before is shut out, and can be let in again', async () => {
    const unit = makeUnit();
    const shadow = (name: string): string[] => new RegExp(`^${name}:.*`, 'm').exec(unit.read('/etc/shadow'))?.[0].split(':') ?? [];
    settle(unit, { administrator: { login: 'owner', password: SECRET, sshKeys: KEYS } });
    await changed(unit);
    const others = 'ssh-rsa AAAA of-ssh-copy-id\n';
    unit.write(KEYS_FILE, unit.read(KEYS_FILE) + others, 0o600);
    settle(unit, { administrator: { login: 'other', password: SECRET, sshKeys: KEYS } });
    expect(await changed(unit)).toEqual(['begin:administrator']);
    expect(shadow('owner')[1]).toMatch(/^!\$y\$/);
    // shadow(5): expired in 1970, so that PAM lets in nobody with a key either.
    expect(shadow('owner')[7]).toBe('1');
    expect(unit.read('/etc/groups-owner').trim()).toBe('');
    expect(unit.read(KEYS_FILE)).toBe(others);
    expect(shadow('other').slice(1)).toEqual([expect.stringMatching(/^\$y\$/), '20000', '0', '99999', '7', '', '', '']);
    expect(unit.read('/etc/groups-other')).toBe('sudo\n');
    expect(await changed(unit)).toEqual([]);

    settle(unit, { administrator: { login: 'owner', password: SECRET, sshKeys: KEYS } });
    expect(await changed(unit)).toEqual(['begin:administrator']);
    expect(shadow('owner').slice(1)).toEqual([expect.stringMatching(/^\$y\$/), '20000', '0', '99999', '7', '', '', '']);
    expect(unit.read('/etc/groups-owner')).toBe('sudo\n');
    expect(unit.read(KEYS_FILE)).toContain(KEYS[0]);
    expect(shadow('other')[7]).toBe('1');
    expect(await changed(unit)).toEqual([]);
  });

  test('the last key goes, though nobody else could log in', async () => {
    const unit = makeUnit();
    settle(unit, { administrator: { login: 'owner', sshKeys: KEYS } });
    await changed(unit);
    settle(unit, { administrator: { login: 'owner', sshKeys: [] } });
    expect(await changed(unit)).toEqual(['begin:administrator']);
    expect(unit.read(KEYS_FILE)).toBe('');
    expect(await changed(unit)).toEqual([]);
  });

  test.each<[string, (unit: FakeUnit) => void, object, RegExp]>([
    [
      "an account of the system as administrator's",
      (unit) => unit.write('/etc/passwd', `${unit.read('/etc/passwd')}web:x:500:500::/srv:/bin/bash\n`),
      { administrator: { login: 'web', password: SECRET } },
      /an account that the system uses itself/,
    ],
    [
      'keys that are a link elsewhere',
      (unit) => {
        unit.write('/etc/passwd', `${unit.read('/etc/passwd')}owner:x:1000:1000::/home/owner:/bin/bash\n`);
        mkdirSync(unit.at('/home/owner/.ssh'), { recursive: true });
        symlinkSync(unit.at('/usr/lib/unit/unit.json'), unit.at(KEYS_FILE));
      },
      { administrator: { login: 'owner', sshKeys: KEYS } },
      /is no plain file/,
    ],
    ['a zone that this unit does not have', () => undefined, { time: { zone: 'Europe/Berlin' } }, /does not know the time zone/],
  ])('%s: refused', async (_, prepare, settings, message) => {
    const unit = makeUnit();
    prepare(unit);
    settle(unit, settings);
    const { exitCode, stderr } = await unit.unitctl(['apply', '--answers', unit.at('/answers.yaml')]);
    expect(exitCode).toBe(4);
    expect(stderr).toMatch(message);
  });
});

describe('failures', () => {
  test('a step that fails is journalled with its log, and is gone on with after it was mended', async () => {
    const unit = makeUnit();
    unit.write('/usr/lib/unit/apply.d/10-own', `#!/bin/bash\n[[ $1 == check ]] && exit 1\necho "cannot: $(cat)" >&2\nexit 7\n`, 0o755);
    const failed = await unit.unitctl(apply(unit));
    expect(failed.exitCode).toBe(4);
    const record = unit
      .read('/var/lib/unit/journal.jsonl')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .find((each) => each['type'] === 'failed');
    expect(record).toMatchObject({ step: 'own', reason: expect.stringContaining('exit code 7') });
    expect(JSON.stringify(record?.['log'])).toContain('cannot:');
    const status = await unit.unitctl(['status', '--json']);
    expect(status.events[0]).toMatchObject({ data: { state: 'failed', finalised: false, failure: { step: 'own' } } });
    expect(unit.read('/announced')).toBe('applying\nfailed\n');
    // Product services may not start any more.
    expect(unit.tree()).not.toHaveProperty('/run/unit/applying');

    unit.write('/usr/lib/unit/apply.d/10-own', OWN, 0o755);
    expect((await unit.unitctl(resume)).exitCode).toBe(0);
    expectFinished(unit);
  });

  test('a service that does not start shows its journal', async () => {
    const unit = makeUnit();
    unit.write('/broken-unit-ready-database.service', '');
    const { exitCode, stderr } = await unit.unitctl(['apply', '--answers', unit.at('/answers.yaml')]);
    expect(exitCode).toBe(4);
    expect(stderr).toContain('step db (Database) failed');
    expect(stderr).toContain('--unit=database.service');
  });

  test('answers that do not fit are refused with their place, and nothing is written', async () => {
    const unit = makeUnit();
    unit.write('/answers.yaml', 'schemaVersion: 1\nproduct:\n  title: 5\n  pasword: x\n');
    const before = unit.tree();
    const { exitCode, stderr } = await unit.unitctl(['apply', '--answers', unit.at('/answers.yaml')]);
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(/answers\.yaml:3:\d+: /);
    expect(unit.tree()).toEqual(before);
  });

  test('two runs at once: the second one says so', async () => {
    const slow = structuredClone(UNIT);
    slow.steps.unshift({ id: 'slow', title: { en: 'Slow' }, use: 'command', with: { run: ['sleep', '20'] } });
    const unit = makeUnit(slow);
    const first = unit.start(apply(unit));
    try {
      await expect.poll(() => unit.tree()['/var/lib/unit/unfinished'], { timeout: 10_000 }).toBeDefined();
      const second = await unit.unitctl(apply(unit));
      expect(second.exitCode).toBe(5);
      // The run that was refused has not ended what the first one still needs.
      expect(unit.tree()).toHaveProperty('/run/unit/applying');
      first.kill('SIGTERM');
      await expect.poll(() => first.exitCode, { timeout: 10_000 }).toBe(143);
      expect(unit.tree()).not.toHaveProperty('/run/unit/applying');
    } finally {
      first.kill('SIGKILL');
    }
  });

  test('no unit here', async () => {
    const unit = makeUnit();
    rmSync(unit.at('/usr/lib/unit/unit.json'));
    expect((await unit.unitctl(['status'])).exitCode).toBe(6);
    expect((await unit.unitctl(['no-such-command'])).exitCode).toBe(2);
  });

  test('unitctl works without anything beside it', () => {
    expect(readFileSync(bundle, 'utf8').startsWith('#!/usr/bin/node')).toBe(true);
    expect(parse('a: 1')).toEqual({ a: 1 });
  });
});
