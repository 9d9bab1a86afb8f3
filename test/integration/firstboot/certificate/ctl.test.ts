import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import type { Unit } from '../../../../firstboot/contract/unit.ts';
import { readConsoleText } from '../../../../firstboot/ctl/console-facts.ts';
import { System } from '../../../../firstboot/kit/system.ts';
import { type Made, Maker } from '../../../unit/firstboot/sections/certificate/made.ts';
import { bundleUnitctl, FakeUnit, type Outcome } from '../fake-unit.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const UNIT: Unit = {
  schemaVersion: 1,
  name: 'shop',
  version: '1.0.0',
  title: { en: 'Shop' },
  services: {
    database: { ready: { unit: 'database.service' }, layer: 1 },
    web: { ready: { unit: 'web.service' }, layer: 2, certificate: 'reload' },
  },
  ports: [{ port: 80, purpose: 'web' }],
  state: {},
  steps: [],
  probes: {},
};
/** Files of the product that have the certificate. */
const TREE: Unit['steps'][number] = {
  id: 'tree',
  title: { en: 'Tree' },
  use: 'variables',
  with: { from: '/usr/share/shop', to: '/srv/tree', values: { NAME: 'shop' }, certificate: { chain: 'chain.pem', key: 'key.pem' } },
};
const NAME = 'shop.example.org';
const RELOAD = 'systemctl try-reload-or-restart -- web.service';

let folder: string;
let bundle: string;
let maker: Maker;
let mine: Made;
const units: FakeUnit[] = [];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'unit-cert-'));
  bundle = await bundleUnitctl(folder);
  maker = new Maker();
  mine = maker.certificate(NAME, { names: `DNS:${NAME}` });
});
afterAll(() => {
  for (const each of [folder, maker.folder, ...units.map(({ root }) => root)]) rmSync(each, { recursive: true, force: true });
});

async function setUp(certificate?: object, mail: object = {}, image = UNIT): Promise<{ unit: FakeUnit; outcome: Outcome }> {
  const unit = new FakeUnit(bundle, image, { '/usr/sbin/postfix': '', '/usr/share/shop/name': 'NAME\n' });
  units.push(unit);
  unit.write('/answers.yaml', JSON.stringify({ schemaVersion: 1, domain: { name: NAME }, mail, ...(certificate && { certificate }) }));
  const outcome = await unit.unitctl(['apply', '--json', '--answers', unit.at('/answers.yaml')]);
  return { unit, outcome };
}

/** What services were told since the last time. */
function told(unit: FakeUnit): string[] {
  const calls = unit.read('/calls').split('\n');
  unit.write('/calls', '');
  return calls.filter((line) => line.startsWith('systemctl try-re'));
}

const data = ({ events }: Outcome): Record<string, unknown> => events.at(-1)?.['data'] as Record<string, unknown>;

describe('unitctl cert', () => {
  test("shows, renews and tells services about the unit's own", async () => {
    const { unit, outcome } = await setUp();
    expect(outcome.exitCode).toBe(0);
    expect(statSync(unit.at('/etc/unit/tls/privkey.pem')).mode & 0o777).toBe(0o600);
    const verify = ['verify', '-CAfile', unit.at('/etc/unit/tls/ca.pem'), '-purpose', 'sslserver', '-verify_hostname', NAME];
    expect(execFileSync('openssl', [...verify, unit.at('/etc/unit/tls/fullchain.pem')], { encoding: 'utf8' })).toMatch(/: OK$/m);
    told(unit);

    const shown = await unit.unitctl(['cert', 'show', '--json']);
    expect(shown.exitCode).toBe(0);
    expect(data(shown)).toMatchObject({ mode: 'self-signed', daysLeft: 396, ca: '/etc/unit/tls/ca.pem', warnings: [] });
    expect(data(shown)['names']).toEqual(expect.arrayContaining([`DNS:${NAME}`, 'DNS:localhost', 'IP Address:192.0.2.7']));
    // Not an address that is another one tomorrow.
    expect(String(data(shown)['names'])).not.toMatch(/2001/i);

    const idle = await unit.unitctl(['cert', 'renew', '--json']);
    expect([idle.exitCode, data(idle)['changed']]).toEqual([0, false]);
    // The services began after the certificate.
    expect(told(unit)).toEqual([]);

    const authority = unit.read('/etc/unit/tls/ca.pem');
    const forced = await unit.unitctl(['cert', 'renew', '--force', '--json']);
    expect([forced.exitCode, data(forced)['changed']]).toEqual([0, true]);
    expect(told(unit)).toEqual([RELOAD]);
    expect(unit.read('/etc/unit/tls/ca.pem')).toBe(authority);
    expect((data(forced)['state'] as { fingerprint: string }).fingerprint).not.toBe(data(shown)['fingerprint']);
    expect((await unit.unitctl(['cert', 'renew'])).stdout).toBe('Nothing to renew.');
    expect(told(unit)).toEqual([]);
  });

  test('whoever has the key of its authority is no other site; for another domain there is another', async () => {
    const { unit } = await setUp();
    const trusted = unit.read('/etc/unit/tls/ca.pem');
    const key = unit.read('/var/lib/unit/secrets/tls-authority.pem').replace(trusted, '');
    const verify = (certificate: string): string => {
      unit.write('/asked.pem', certificate);
      const args = ['verify', '-CAfile', unit.at('/etc/unit/tls/ca.pem'), '-purpose', 'sslserver', unit.at('/asked.pem')];
      const { stdout, stderr } = spawnSync('openssl', args, { encoding: 'utf8' });
      return stdout + stderr;
    };
    const forged = (names: string): string => maker.certificate('x', { by: { certificate: trusted, key }, names }).certificate;
    expect(verify(forged(`DNS:bank.example.com`))).toContain('permitted subtree violation');
    expect(verify(forged(`DNS:${NAME},DNS:bank.example.com`))).toContain('permitted subtree violation');
    expect(verify(forged(`DNS:${NAME},DNS:*.${NAME},DNS:localhost,IP:192.0.2.8`))).toMatch(/: OK$/m);

    expect((await unit.unitctl(['settings', 'set', 'domain.name', `cell.${NAME}`])).exitCode).toBe(0);
    expect(unit.read('/etc/unit/tls/ca.pem')).toBe(trusted);
    expect((await unit.unitctl(['settings', 'set', 'domain.name', 'other.example.org'])).exitCode).toBe(0);
    expect(unit.read('/etc/unit/tls/ca.pem')).not.toBe(trusted);
    const inUse = unit.read('/etc/unit/tls/fullchain.pem');
    expect([verify(inUse), data(await unit.unitctl(['cert', 'show', '--json']))['names']]).toEqual([
      expect.stringMatching(/: OK$/m),
      expect.arrayContaining(['DNS:other.example.org']),
    ]);
  });

  test('imports, refuses what no server could use, and keeps an import over the next apply', async () => {
    const { unit } = await setUp();
    told(unit);
    unit.write('/all.pem', maker.encrypted(mine.key, 'the passphrase', 'pkcs8') + mine.certificate);
    unit.write('/passphrase', 'the passphrase\n');
    const refused = await unit.unitctl(['cert', 'import', unit.at('/all.pem')]);
    expect([refused.exitCode, refused.stderr]).toEqual([3, expect.stringContaining('encrypted, and no passphrase is given')]);
    expect((await unit.unitctl(['cert', 'import', unit.at('/nothing.pem')])).exitCode).toBe(3);
    expect(told(unit)).toEqual([]);

    const imported = await unit.unitctl(['cert', 'import', unit.at('/all.pem'), '--passphrase-file', unit.at('/passphrase')]);
    expect([imported.exitCode, imported.stderr]).toEqual([0, '']);
    expect(unit.read('/etc/unit/tls/fullchain.pem')).toBe(mine.certificate);
    expect(unit.read('/etc/unit/tls/privkey.pem')).toBe(mine.key);
    expect(told(unit)).toEqual([RELOAD]);
    expect(JSON.parse(unit.read('/var/lib/unit/settings.json'))).toMatchObject({ certificate: { mode: 'upload' } });
    expect(unit.read('/var/lib/unit/settings.json')).not.toContain('PRIVATE');
    expect((await unit.unitctl(['settings', 'get', '--origin'])).stdout).toContain('certificate.mode: "upload"  (unitctl)');

    const again = await unit.unitctl(['apply', '--json']);
    expect(again.exitCode).toBe(0);
    expect(again.events.filter(({ type, changed }) => type === 'step-finished' && changed === true)).toEqual([]);
    expect((await unit.unitctl(['cert', 'renew'])).stdout).toBe('Nothing to renew.');

    // One for another name works, and is warned about.
    const other = maker.certificate('other.example.org', { names: 'DNS:other.example.org' });
    unit.write('/other.pem', other.certificate + other.key);
    expect((await unit.unitctl(['cert', 'import', unit.at('/other.pem')])).exitCode).toBe(0);
    const shown = await unit.unitctl(['cert']);
    expect([shown.exitCode, shown.stdout]).toEqual([1, expect.stringContaining(`warning: The certificate is not for ${NAME}.`)]);
  });

  test('an upload that no server could use fails the run, in words and without the key', async () => {
    const { outcome } = await setUp({ mode: 'upload', pem: mine.certificate + maker.certificate('x').key });
    expect(outcome.exitCode).toBe(4);
    expect(outcome.events.at(-1)).toMatchObject({
      message: expect.stringContaining('The private key belongs to none of the certificates.'),
    });
    expect(outcome.stdout + outcome.stderr).not.toContain(mine.key.split('\n')[1]);
  });

  test('that ends soon is said on the consoles, and by mail once', async () => {
    const mail = { mode: 'relay', host: 'mail.example.org', senderAddress: 'shop@example.org', noticesTo: 'me@example.net' };
    const { certificate, key } = maker.aged(NAME, { ago: 80, left: 10.5 });
    const { unit, outcome } = await setUp({ mode: 'upload', pem: certificate, key }, mail);
    expect(outcome.exitCode).toBe(0);
    const path = `${unit.at('/bin')}:${process.env['PATH']}`;
    const screen = (): Promise<string> => readConsoleText(new System({ root: unit.root, path, signal: new AbortController().signal }));
    expect((await screen()).replace(/\s+/g, ' ')).toContain(
      'Certificate: The certificate expires in 10 days: import its successor by `unitctl cert import`. `unitctl cert show` says more.',
    );
    for (const _ of ['first', 'second']) {
      unit.write('/calls', '');
      const renewed = await unit.unitctl(['cert', 'renew']);
      expect(renewed).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('expires in 10 days') });
      expect(unit.read('/calls')).toContain('systemctl restart --no-block -- unit-console-text.service');
    }
    expect(unit.read('/sent').match(/^sendmail .*/gm)).toEqual(['sendmail -i -f shop@example.org -- me@example.net']);

    unit.write('/new.pem', mine.certificate + mine.key);
    unit.write('/calls', '');
    expect((await unit.unitctl(['cert', 'import', unit.at('/new.pem')])).exitCode).toBe(0);
    expect(unit.read('/calls')).toContain('systemctl restart --no-block -- unit-console-text.service');
    expect(await screen()).not.toContain('Certificate');
  });

  test('before there is a unit, says what to do', async () => {
    const unit = new FakeUnit(bundle, UNIT, {});
    units.push(unit);
    expect((await unit.unitctl(['cert', 'renew'])).exitCode).toBe(6);
    expect((await unit.unitctl(['cert', 'show'])).exitCode).toBe(6);
  });

  test('an authority that cannot be reached does not lose the unit', async () => {
    const acme = { directory: 'https://127.0.0.1:1/dir', email: 'me@example.org', agreeToTerms: true };
    const { unit, outcome } = await setUp({ mode: 'acme', acme }, {}, { ...UNIT, steps: [TREE] });
    expect(outcome.exitCode).toBe(0);
    const lines = outcome.events.flatMap(({ type, step, line }) =>
      type === 'output' && step === 'finish:acme-certificate' ? [String(line)] : [],
    );
    expect(lines).toContain('WARNING: The authority cannot be reached.');
    expect(unit.read('/var/lib/unit/finalised')).toContain('shop');
    const shown = await unit.unitctl(['cert', 'show', '--json']);
    expect(shown.exitCode).toBe(1);
    expect(data(shown)).toMatchObject({ mode: 'self-signed', failure: { code: 'directory-unreachable' } });
    const renewed = await unit.unitctl(['cert', 'renew']);
    expect([renewed.exitCode, renewed.stderr]).toEqual([4, expect.stringContaining('Check the directory URL')]);
    expect(unit.read('/calls')).toContain('systemctl restart --no-block -- unit-console-text.service');
    // Its own certificate is lost or out of date: services and the product's files get another, whatever the authority says.
    told(unit);
    rmSync(unit.at('/etc/unit/tls'));
    const replaced = await unit.unitctl(['cert', 'renew']);
    expect([replaced.exitCode, replaced.stderr]).toEqual([4, expect.stringContaining('Check the directory URL')]);
    expect(told(unit)).toEqual([RELOAD]);
    expect(unit.read('/srv/tree/chain.pem')).toBe(unit.read('/etc/unit/tls/fullchain.pem'));
    expect((await unit.unitctl(['cert', 'renew'])).exitCode).toBe(4);
    expect(told(unit)).toEqual([]);
    // Another run asks once more; that it fails again is no reason to stop.
    const again = await unit.unitctl(['apply', '--json']);
    expect(again.exitCode).toBe(0);
    expect(JSON.stringify(again.events)).toContain('WARNING: The authority cannot be reached.');
    // Asked no more, it is no trouble any more.
    expect((await unit.unitctl(['settings', 'set', 'certificate.mode', 'self-signed'])).exitCode).toBe(0);
    expect((await unit.unitctl(['cert', 'show'])).exitCode).toBe(0);
  });
});
