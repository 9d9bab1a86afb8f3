/** What unitctl does for a unit that is set up: settings, updates, logs, doctor and the support bundle, on a unit in a folder. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Unit } from '../../../firstboot/contract/unit.ts';
import { OWN_UNITS } from '../../../firstboot/ctl/logs.ts';
import { Maker } from '../../unit/firstboot/sections/certificate/made.ts';
import { FakeUnit } from './fake-unit.ts';
import { type Outcome, unitctl } from './in-process.ts';

const UNIT: Unit = {
  schemaVersion: 1,
  name: 'shop',
  version: '1.0.0',
  title: { en: 'Shop' },
  services: { database: { ready: { unit: 'database.service' }, layer: 1 }, web: { ready: { unit: 'web.service' }, layer: 2 } },
  ports: [{ port: 443, purpose: 'web' }],
  state: {
    tls: { kind: 'secrets', path: '/etc/shop/tls', owner: 'root' },
    token: { kind: 'secrets', path: '/etc/shop/token', owner: 'root' },
  },
  steps: [
    { id: 'key', title: { en: 'Key' }, use: 'secret', with: { name: 'key', length: 40 } },
    { id: 'page', title: { en: 'Page' }, use: 'template', with: { from: 'page.txt', to: '/srv/page.txt', format: 'text' } },
  ],
  probes: {},
};
const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['title', 'password'],
  properties: {
    title: { type: 'string' },
    count: { type: 'integer', minimum: 1 },
    password: { type: 'string', writeOnly: true, minLength: 8 },
    token: { type: 'string', writeOnly: true, 'x-generate': { length: 24, alphabet: 'alphanumeric' } },
  },
};
const PASSWORD = `p'w"d <&> é/+ 100% $x`;

let folder: string;
const units: FakeUnit[] = [];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'unit-afterwards-'));
});
afterAll(() => {
  for (const path of [folder, ...units.map(({ root }) => root)]) rmSync(path, { recursive: true, force: true });
});

function makeUnit(): FakeUnit {
  const unit = new FakeUnit('', UNIT, {
    '/usr/lib/unit/settings.schema.json': JSON.stringify(SCHEMA),
    '/usr/lib/unit/templates/page.txt': '{{settings.product.title}}\n',
    '/var/lib/apt/periodic/update-success-stamp': '',
    '/said/apt-config': "ON='1'\n",
    '/said/timedatectl': 'NTP=yes\nNTPSynchronized=yes\n',
    '/said/ss': 'tcp LISTEN 0 511 *:443 *:* users:(("nginx",pid=1,fd=6))\ntcp LISTEN 0 5 [::1]:25 [::]:*\n',
    '/run/systemd/resolve/resolv.conf': 'nameserver 192.0.2.53\n',
  });
  units.push(unit);
  return unit;
}

async function setUp(): Promise<FakeUnit> {
  const unit = makeUnit();
  unit.write('/answers.json', JSON.stringify({ schemaVersion: 1, product: { title: 'A shop', password: PASSWORD } }));
  expect(await unitctl(unit, ['apply', '--answers', unit.at('/answers.json')])).toMatchObject({ exitCode: 0 });
  unit.write('/answers.json', '');
  return unit;
}

const saved = (unit: FakeUnit): Record<string, never> => JSON.parse(unit.read('/var/lib/unit/settings.json')) as Record<string, never>;

describe('settings', () => {
  let unit: FakeUnit;
  beforeAll(async () => {
    unit = await setUp();
  });

  test('are set, applied, and known to be of unitctl', async () => {
    expect(await unitctl(unit, ['settings', 'set', 'product.title', 'Another shop'])).toMatchObject({ exitCode: 0 });
    expect(unit.read('/srv/page.txt')).toBe('Another shop\n');
    expect((await unitctl(unit, ['settings', 'get', 'product', '--origin'])).stdout).toContain('product.title: "Another shop"  (unitctl)');
    expect((await unitctl(unit, ['settings', 'get', 'time', '--origin'])).stdout).toContain('time.zone: "Etc/UTC"  (default)');
  });

  test('may be saved only, and are applied later', async () => {
    expect((await unitctl(unit, ['settings', 'set', 'product.title', 'Later', '--no-apply'])).stdout).toContain(
      '`unitctl apply` makes it so',
    );
    expect(unit.read('/srv/page.txt')).toBe('Another shop\n');
    expect((await unitctl(unit, ['apply'])).exitCode).toBe(0);
    expect(unit.read('/srv/page.txt')).toBe('Later\n');
  });

  test.each([
    [['product.count', '0'], 3, 'product.count is less than 1'],
    [['product.count', 'x'], 3, 'product.count must be a whole number'],
    [['product.cuont', '1'], 2, 'there is no setting product.cuont'],
    [['product', '1'], 2, 'It is a group: product.title'],
    [['product.password', 'typed-here'], 2, 'others could read it among the arguments'],
    [['time.zone', 'Nowhere/Land'], 3, 'time.zone is not a time zone'],
  ])('%j is refused, and nothing is changed', async (args, exitCode, message) => {
    const before = unit.tree();
    const outcome = await unitctl(unit, ['settings', 'set', ...args]);
    expect(outcome).toMatchObject({ exitCode });
    expect(outcome.stderr).toContain(message);
    expect(unit.tree()).toEqual(before);
  });

  test('numbers and lists are YAML, text is as it stands', async () => {
    for (const [path, value] of [
      ['product.count', '3'],
      ['time.ntp', '[192.0.2.1, ntp.example.org]'],
      ['product.title', 'yes: [no]'],
    ] as const)
      expect(await unitctl(unit, ['settings', 'set', path, value, '--no-apply'])).toMatchObject({ exitCode: 0 });
    expect(saved(unit)).toMatchObject({ product: { count: 3, title: 'yes: [no]' }, time: { ntp: ['192.0.2.1', 'ntp.example.org'] } });
  });

  test('a secret is asked for; one that is taken away is gone, or made anew', async () => {
    const { exitCode, asked, stdout } = await unitctl(unit, ['settings', 'set', 'product.password', '--no-apply'], ['another secret']);
    expect({ exitCode, asked }).toEqual({ exitCode: 0, asked: ['product.password: '] });
    expect(stdout).not.toContain('another secret');
    expect(unit.read('/var/lib/unit/secrets/settings.product.password')).toBe('"another secret"');
    const token = unit.read('/var/lib/unit/secrets/settings.product.token');
    expect(await unitctl(unit, ['settings', 'unset', 'product.token', '--no-apply'])).toMatchObject({ exitCode: 0 });
    expect(unit.read('/var/lib/unit/secrets/settings.product.token')).not.toBe(token);
    expect(await unitctl(unit, ['settings', 'unset', 'product.password'])).toMatchObject({ exitCode: 3 });
    expect(unit.read('/var/lib/unit/secrets/settings.product.password')).toBe('"another secret"');
  });

  test('are exported as answers that fit, with secrets only on demand', async () => {
    const plain = (await unitctl(unit, ['settings', 'export'])).stdout;
    expect(plain).not.toContain('another secret');
    expect(parse(plain)).toMatchObject({ schemaVersion: 1, product: { title: 'yes: [no]', count: 3 } });
    const whole = (await unitctl(unit, ['settings', 'export', '--with-secrets'])).stdout;
    const other = makeUnit();
    other.write('/answers.yaml', whole);
    expect(await unitctl(other, ['plan', '--answers', other.at('/answers.yaml')])).toMatchObject({ exitCode: 0 });
    expect(parse(whole)).toMatchObject({ product: { password: 'another secret' } });
  });

  test('are edited: what differs is set, what is unknown refused, and no copy stays', async () => {
    const editor = (script: string): void =>
      unit.write('/bin/editor', `#!/bin/bash\n[[ $(stat -c %a "$1") == 600 ]] || exit 1\n${script}\n`, 0o755);
    const run = (): Promise<Outcome> => unitctl(unit, ['settings', 'edit', '--no-apply']);
    editor(`sed -i 's/count: 3/count: 4/' "$1"`);
    expect(await run()).toMatchObject({ exitCode: 0 });
    expect(saved(unit)).toMatchObject({ product: { count: 4, title: 'yes: [no]' } });
    editor(`sed -i 's/count: 4/conut: 5/' "$1"`);
    const wrong = await run();
    expect(wrong).toMatchObject({ exitCode: 3 });
    expect(wrong.stderr).toContain('Did you mean "count"');
    editor(':');
    expect((await run()).stdout).toContain('Nothing was changed.');
    expect(Object.keys(unit.tree()).filter((path) => path.startsWith('/run/unit/settings'))).toEqual([]);
  });

  test('of a unit that waits join its draft', async () => {
    const waiting = makeUnit();
    const first = await unitctl(waiting, ['settings', 'set', 'product.title', 'Mine']);
    expect(first).toMatchObject({ exitCode: 7 });
    expect(first.stdout).toContain('"password" is missing in product');
    expect(await unitctl(waiting, ['settings', 'set', 'product.password'], [PASSWORD])).toMatchObject({ exitCode: 0 });
    expect(await unitctl(waiting, ['apply'])).toMatchObject({ exitCode: 0 });
    expect(waiting.read('/srv/page.txt')).toBe('Mine\n');
  });
});

test('an image may say who the administrator is', async () => {
  const unit = makeUnit();
  unit.write('/usr/lib/unit/unit.json', JSON.stringify({ ...UNIT, setup: { administrator: { login: 'ubuntu' } } }));
  const plan = async (administrator: object): Promise<Outcome> => {
    unit.write('/answers.json', JSON.stringify({ schemaVersion: 1, administrator, product: { title: 'A shop', password: PASSWORD } }));
    return unitctl(unit, ['plan', '--answers', unit.at('/answers.json')]);
  };
  expect((await plan({ password: 'long enough' })).stdout).toContain('Administrator: ubuntu can log in');
  expect(await plan({ login: 'other', password: 'long enough' })).toMatchObject({
    exitCode: 3,
    stderr: expect.stringContaining('the administrator of this product is ubuntu'),
  });
});

describe('updates', () => {
  test('are switched off and on without a restart of the product', async () => {
    const unit = await setUp();
    const started = unit.read('/run/fake/web.service');
    expect(await unitctl(unit, ['updates', 'off'])).toMatchObject({ exitCode: 0 });
    expect(unit.read('/etc/apt/apt.conf.d/60unit-updates')).toContain('APT::Periodic::Unattended-Upgrade "0";');
    expect(unit.read('/run/fake/web.service')).toBe(started);
    expect(await unitctl(unit, ['settings', 'set', 'updates.rebootAt', '04:30'])).toMatchObject({ exitCode: 0 });
    expect(unit.read('/etc/apt/apt.conf.d/60unit-updates')).toContain('Automatic-Reboot-Time "04:30"');
    expect(await unitctl(unit, ['settings', 'set', 'updates.rebootAt', '4:30'])).toMatchObject({ exitCode: 3 });
    expect(await unitctl(unit, ['updates', 'on'])).toMatchObject({ exitCode: 0 });
    expect(unit.read('/etc/apt/apt.conf.d/60unit-updates')).toContain('APT::Periodic::Unattended-Upgrade "1";');
  });

  test('that are pending are named, others are not', async () => {
    const unit = makeUnit();
    unit.write(
      '/said/apt-get',
      'Inst openssl [3.5.1-1] (3.5.1-1+deb13u1 Debian-Security:13/stable-security [amd64])\nInst nano [8.4-1] (8.4-2 Debian:13/stable [amd64])\nConf openssl (3.5.1-1+deb13u1 Debian-Security:13/stable-security [amd64])\n',
    );
    const { events } = await unitctl(unit, ['updates', 'status', '--json']);
    expect(events[0]?.['data']).toMatchObject({
      automatic: true,
      rebootRequired: false,
      security: [{ name: 'openssl', version: '3.5.1-1+deb13u1' }],
    });
  });
});

describe('doctor', () => {
  let unit: FakeUnit;
  beforeAll(async () => {
    unit = await setUp();
  });
  beforeEach(() => unit.write('/said/failed-units', ''));

  async function findings(check: string): Promise<{ exitCode: number | null; said: string[] }> {
    const { exitCode, events } = await unitctl(unit, ['doctor', check, '--json']);
    const data = events[0]?.['data'] as { findings: { severity: string; message: { en: string }; remedy?: object }[] }[] | undefined;
    const found = data?.[0]?.findings ?? [];
    for (const { severity, remedy } of found) if (severity === 'error' || severity === 'warning') expect(remedy).toBeDefined();
    return { exitCode, said: found.map(({ severity, message }) => `${severity}: ${message.en}`) };
  }

  test('has nothing against a unit that is well', async () => {
    const { exitCode, stdout } = await unitctl(unit, ['doctor']);
    expect(stdout).not.toMatch(/ERROR|could not be looked at/);
    expect(exitCode).toBe(0);
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .filter((line) => !line.startsWith(' ')),
    ).toHaveLength(10);
  });

  test('finds a service that is down, a unit that failed, a port that is silent and one too many', async () => {
    rmSync(unit.at('/run/fake/web.service'));
    expect(await findings('services')).toEqual({ exitCode: 1, said: ['error: web is inactive.'] });
    await unitctl(unit, ['services', 'start']);
    unit.write('/said/failed-units', 'cron.service loaded failed failed Cron\n');
    expect(await findings('failed-units')).toEqual({ exitCode: 1, said: ['error: cron.service has failed.'] });
    const before = unit.read('/said/ss');
    unit.write(
      '/said/ss',
      'tcp LISTEN 0 5 0.0.0.0:22 0.0.0.0:*\nudp UNCONN 0 0 [fe80::1]%ens3:546 [::]:*\ntcp LISTEN 0 5 [::]:4369 [::]:* users:(("epmd",pid=7,fd=3))\n',
    );
    expect((await findings('ports')).said).toEqual([
      'error: Nothing listens on tcp 443 (web).',
      'info: tcp 4369 (epmd) listens to outside and is not declared: the firewall keeps it shut.',
    ]);
    unit.write('/said/ss', before);
  });

  test('says why an authority gave no certificate, and what to do', async () => {
    unit.write('/var/lib/unit/tls/failure.json', JSON.stringify({ time: '', code: 'rate-limited', detail: '', boot: '', clock: 0 }));
    const { said } = await findings('certificates');
    expect(said).toContainEqual(expect.stringMatching(/^warning: .*authority/i));
    rmSync(unit.at('/var/lib/unit/tls/failure.json'));
    expect((await findings('certificates')).said.filter((line) => !line.startsWith('ok: '))).toEqual([]);
  });

  test('finds the end of certificates, of the setup page and of the product too, whatever folder below they are in', async () => {
    const maker = new Maker();
    const put = (path: string, ...made: { certificate: string }[]): void =>
      unit.write(path, made.map(({ certificate }) => certificate).join(''));
    put('/etc/unit/tls/fullchain.pem', maker.aged('in.use', { ago: 1, left: 90.5 }));
    put('/var/lib/unit/setup/certificate.pem', maker.aged('setup.page', { ago: 825, left: -3 }));
    put('/etc/shop/tls/web.crt', maker.aged('product', { ago: 85, left: 5.5 }));
    put('/etc/shop/tls/nodes/one/node.crt', maker.aged('node', { ago: 90, left: -1 }));
    // A life of days is always near its end; a list of authorities has old ones.
    put('/etc/shop/tls/nodes/short.crt', maker.aged('short', { ago: 2, left: 5.5 }));
    put('/etc/shop/tls/trust.pem', ...Array.from({ length: 11 }, (_, index) => maker.aged(`root${index}`, { ago: 9, left: -1 })));
    const { exitCode, said } = await findings('certificates');
    rmSync(maker.folder, { recursive: true });
    expect(exitCode).toBe(1);
    expect(said.map((line) => line.replace(/\d{4}-\d\d-\d\d/, 'DATE')).sort()).toEqual([
      'error: CN=node (/etc/shop/tls/nodes/one/node.crt) ended on DATE.',
      expect.stringMatching(/^ok: CN=Unit authority [0-9a-f]+ \(\/etc\/unit\/tls\/ca\.pem\) is valid until DATE\.$/),
      'ok: CN=in.use (/etc/unit/tls/fullchain.pem) is valid until DATE.',
      'ok: CN=short (/etc/shop/tls/nodes/short.crt) is valid until DATE.',
      'warning: CN=product (/etc/shop/tls/web.crt) ends on DATE, in 5 days.',
      'warning: CN=setup.page (/var/lib/unit/setup/certificate.pem) ended on DATE.',
    ]);
  });

  test('finds a clock that nobody sets, and updates that wait', async () => {
    unit.write('/said/timedatectl', 'NTP=no\nNTPSynchronized=no\n');
    expect((await findings('clock')).said[0]).toMatch(/^warning: .*it is not set by time servers\.$/);
    unit.write('/said/apt-get', 'Inst openssl [1] (2 Debian-Security:13/stable-security [amd64])\n');
    unit.write('/run/reboot-required', '');
    expect((await findings('updates')).said).toEqual([
      'info: Pending: openssl.',
      'warning: Updates are installed that count after a restart.',
    ]);
  });

  test('a check that breaks is a finding, and the others go on', async () => {
    unit.write('/bin/ss', '#!/bin/bash\necho broken >&2; exit 1\n', 0o755);
    expect((await findings('ports')).said).toEqual(['warning: This could not be looked at: ss failed with exit code 1: broken']);
    expect((await unitctl(unit, ['doctor', 'nonsense'])).exitCode).toBe(2);
  });
});

describe('the support bundle', () => {
  test('has what helps, and no secret in any form', async () => {
    const unit = await setUp();
    execFileSync('openssl', ['genpkey', '-algorithm', 'ed25519', '-out', unit.at('/etc/private.pem')], { stdio: 'pipe' });
    const key = unit.read('/etc/private.pem');
    unit.write('/etc/shop/tls/web.key', key, 0o600);
    unit.write('/etc/shop/token', 'ghp-4711-state-token\n', 0o600);
    unit.write('/etc/shadow', 'admin:$y$j9T$saltsalt$hashhashhashhash:20000:0:99999:7:::\n', 0o600);
    const kept = unit.read('/var/lib/unit/secrets/key');
    const generated = JSON.parse(unit.read('/var/lib/unit/secrets/settings.product.token')) as string;
    const secrets = [
      PASSWORD,
      kept,
      generated,
      'ghp-4711-state-token',
      '$y$j9T$saltsalt$hashhashhashhash',
      ...key.trim().split('\n').slice(1, -1),
    ];
    const leaks = secrets.flatMap(formsOf);
    unit.write(
      '/leaks',
      secrets
        .flatMap((secret) => [...formsOf(secret), ...pairs(secret)])
        .map((leak) => `said: ${leak} .`)
        .join('\n'),
    );
    unit.write('/bin/journalctl', `#!/bin/bash\ncat '${unit.at('/leaks')}'; echo 'an innocent line'\n`, 0o755);
    unit.write('/said/dpkg-query', `nginx 1.26 ii\n${formsOf(PASSWORD).join('\n')}\n`);
    unit.write('/said/ip', `${kept}\n`);
    // A program that failed put it into the journal of runs before it was known to be one.
    unit.write(
      '/var/lib/unit/journal.jsonl',
      `${unit.read('/var/lib/unit/journal.jsonl')}${JSON.stringify({ type: 'failed', reason: PASSWORD, log: [generated] })}\n`,
    );
    const file = unit.at('/bundle.tar.gz');
    const { exitCode, stdout } = await unitctl(unit, ['support-bundle', file]);
    expect(exitCode, stdout).toBe(0);
    expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
    const out = mkdtempSync(join(folder, 'bundle-'));
    execFileSync('tar', ['--extract', '--gzip', '--strip-components=1', '--file', file, '--directory', out]);
    const text = execFileSync('bash', ['-c', 'find . -type f | sort | while read -r f; do echo "== $f"; cat "$f"; done'], {
      cwd: out,
    }).toString();
    for (const leak of [...leaks, ...secrets.flatMap((secret) => pairs(secret).map(inner))]) expect(text).not.toContain(leak);
    for (const part of [
      'an innocent line',
      'nginx 1.26 ii',
      '"state": "',
      '"title": "A shop"',
      'Disk space',
      '== ./unit/journal.jsonl',
      '"image": "shop"',
    ])
      expect(text).toContain(part);
    expect(JSON.parse(readFileSync(join(out, 'settings.json'), 'utf8'))).toMatchObject({ product: { title: 'A shop' } });
  });
});

/** What a log may make of a value. */
function formsOf(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const uri = encodeURIComponent(secret);
  const bytes = Buffer.from(secret);
  return [
    ...[secret, json, JSON.stringify(json).slice(1, -1), uri, uri.replaceAll('%20', '+')],
    ...(['base64', 'base64url', 'hex'] as const).map((encoding) => bytes.toString(encoding)),
  ];
}

/** With a user before and a word after, as log-ins are sent (RFC 7617, RFC 4616): a secret can begin at three places of a group. */
function pairs(secret: string): string[] {
  return ['u', 'us', 'use'].map((user) => Buffer.from(`${user}:${secret}:x`).toString('base64'));
}

/** Without what the neighbours give to it: `use:` and `:x` are at most 6 and 4 characters. */
function inner(pair: string): string {
  return pair.slice(6, -4);
}

test('logs are those of the services, without secrets', async () => {
  const unit = await setUp();
  unit.write('/bin/journalctl', `#!/bin/bash\necho "asked $*"\necho 'login with ${Buffer.from(PASSWORD).toString('base64')}'\n`, 0o755);
  const { stdout } = await unitctl(unit, ['logs', 'web', '--since', '1 hour ago']);
  expect(stdout).toBe('asked --no-pager --output=short-iso --since=1 hour ago --unit=web.service\nlogin with ********\n');
  expect((await unitctl(unit, ['logs'])).stdout).toContain(
    '--lines=200 --unit=database.service --unit=web.service --unit=unit-adopt.service',
  );
  expect((await unitctl(unit, ['logs', 'nothing'])).exitCode).toBe(2);
});

test('logs and bundles have whatever of first boot runs as a unit', () => {
  const folder = join(import.meta.dirname, '../../../firstboot/system/units');
  const programs = readdirSync(folder).filter((name) =>
    /^ExecStart=\/usr\/bin\/(unitctl|node) /m.test(readFileSync(join(folder, name), 'utf8')),
  );
  expect(programs.filter((name) => !OWN_UNITS.some((unit) => unit === name))).toEqual([]);
  expect(programs.length).toBeGreaterThan(5);
});
