import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { packageRoot } from '../../../../builder/kit/paths.ts';
import { renderTemplate } from '../../../../firstboot/apply/template/render.ts';
import { replaceVariables } from '../../../../firstboot/apply/variables/replace.ts';
import { readSource } from '../../../../firstboot/apply/variables/source.ts';
import { startOrder } from '../../../../firstboot/contract/ordering.ts';
import type { Unit } from '../../../../firstboot/contract/unit.ts';
import { unitForRole } from '../../../../firstboot/contract/unit-role.ts';
import { System } from '../../../../firstboot/kit/system.ts';
import { applicable } from '../../../../firstboot/sections/domain/applicable.ts';
import { applyDefaults, type SettingSchema, validateAnswers, withRoles } from '../../../../firstboot/settings/index.ts';

const IMAGE = join(packageRoot(), 'images', 'pryv');
const text = (path: string): string => readFileSync(join(IMAGE, path), 'utf8');
const unit = parse(text('image.yaml')) as Unit;
const schema = withRoles(JSON.parse(text('settings.schema.json')) as SettingSchema, unit.roles);

/** The files of a role as its units have them, from the sample or another delivery below `root`; `more`: answers beside the sample's. */
async function files(step: string, { root = IMAGE, from = '/sample/platform', more = {} } = {}): Promise<Map<string, string>> {
  const found = unit.steps.find(({ id }) => id === step);
  if (found?.use !== 'variables') throw new Error(`no step ${step}`);
  const settings = applyDefaults({ ...parse(text('sample/answers.yaml')), ...more }, schema);
  const values = new Map(
    Object.entries({ ...found.with.values, ...found.with.own }).map(([name, value]): [string, string] => [
      name,
      value === 'SECRET' ? 'generated' : renderTemplate(value, 'text', { settings, secrets: {}, unit: {} }, name),
    ]),
  );
  const system = new System({ root, path: process.env['PATH'] ?? '', signal: new AbortController().signal });
  const source = await readSource(system, from, found.with.folder);
  return new Map(source.map(({ path, data }) => [path, replaceVariables(data.toString('utf8'), values, path).text]));
}

describe('the roles of pryv', () => {
  it.each([
    ['single', ['docker', 'postgresql', 'core', 'redis', 'register', 'static-web', 'nginx'], [80, 443, 53, 53]],
    ['reg-master', ['docker', 'redis', 'register', 'nginx'], [80, 443, 53, 53, 6379, 8444]],
    ['reg-slave', ['docker', 'redis', 'register', 'nginx'], [80, 443, 53, 53]],
    ['core', ['docker', 'postgresql', 'core', 'nginx'], [80, 443]],
    ['static', ['docker', 'static-web', 'nginx'], [80, 443]],
  ])('%s starts %j', (role, services, ports) => {
    const own = unitForRole(unit, role);
    expect(startOrder(own.services)).toEqual(services);
    expect(own.ports.map(({ port }) => port)).toEqual(ports);
    expect(own.setup?.nextSteps?.length).toBeGreaterThan(1);
  });
});

describe('the second register of pryv', () => {
  const leader = unitForRole(unit, 'reg-master');
  const settings = (more: object) => {
    const { product, ...rest } = parse(text('sample/answers.reg-master.yaml')) as { product: object };
    return { ...rest, product: { ...product, ...more } };
  };

  it('is a server of the domain where it has an address, and needs the private ones then', () => {
    const records = (more: object) =>
      applicable(leader, settings(more)).dns?.map(({ name, type, value = '' }) => `${name} ${type} ${value}`);
    expect(records({})).toEqual(['@ NS reg', 'reg A ', '@ NS reg-slave', 'reg-slave A 10.77.0.5', '* A ']);
    expect(records({ slaveAddress: '' })).toEqual(['@ NS reg', 'reg A ', '* A ']);
    const problems = (more: object) => validateAnswers(settings(more), schema).map(({ path }) => path);
    expect(problems({})).toEqual([]);
    expect(problems({ slavePrivateAddress: '' })).not.toEqual([]);
    expect(problems({ slaveAddress: '', slavePrivateAddress: '', registerPrivateAddress: '' })).toEqual([]);
  });
});

describe('the files of pryv', () => {
  const work = mkdtempSync(join(tmpdir(), 'pryv-files-'));
  afterAll(() => rmSync(work, { recursive: true, force: true }));

  it.each(['register-files', 'core-files', 'static-files', 'slave-files'])('%s: no variable is left', async (step) => {
    const all = await files(step);
    expect(all.size).toBeGreaterThan(0);
    for (const content of all.values()) expect(content).not.toMatch(/\b(DOMAIN|[A-Z]+(_[A-Z0-9]+)+)\b/);
  });

  it("the vendor's archive, as the guide lists what is in it, gives them too", async () => {
    const root = join(work, 'unit');
    const delivery = join(work, 'delivery');
    cpSync(join(IMAGE, 'sample/platform/config-leader'), join(delivery, 'config-leader'), { recursive: true });
    for (const folder of ['pryv', 'config-follower/conf', 'config-leader/conf']) mkdirSync(join(delivery, folder), { recursive: true });
    for (const name of ['run-config-leader', 'run-config-follower', 'run-pryv', 'stop-pryv', 'ensure-permissions-reg-master'])
      writeFileSync(join(delivery, name), '#!/bin/bash\nexit 1\n', { mode: 0o755 });
    writeFileSync(join(delivery, 'config-leader/conf/config-leader.json'), '{ "DOMAIN": "pryv.me", "SYSTEM_KEY": "SECRET" }\n');
    const compose = join(delivery, 'config-leader/data/reg-slave/pryv.yml');
    writeFileSync(compose, '  ports:  # used if reg-slave is defined\n    - "REG_MASTER_IP_ADDRESS:6379:6379"\n');
    const place = join(root, '/usr/share/pryv/platform');
    mkdirSync(place, { recursive: true });
    execFileSync('tar', ['-czf', join(place, 'reg-master.tgz'), '-C', delivery, '.']);
    const delivered = { root, from: '/usr/share/pryv/platform' };
    for (const step of ['register-files', 'core-files', 'static-files']) expect(await files(step, delivered)).toEqual(await files(step));
    const slave = await files('slave-files', delivered);
    expect(slave.get('pryv.yml')).toBe('  ports:  # used if reg-slave is defined\n    - "127.0.0.1:6379:6379"\n');
  });

  interface CoreFile {
    core: { id: string };
    dnsLess: { publicUrl: string };
    auth: { trustedApps: string };
    services: { email: { enabled: { resetPassword: boolean }; smtp: object } };
  }
  const coreFile = async (more?: object): Promise<CoreFile> =>
    JSON.parse((await files('core-files', { more })).get('core/conf/core.json') ?? '') as CoreFile;

  it.each([
    ['starttls', { secure: false, requireTLS: true, ignoreTLS: false }],
    ['tls', { secure: true, requireTLS: false, ignoreTLS: false }],
    ['none', { secure: false, requireTLS: false, ignoreTLS: true }],
  ])('a mail relay reaches the core whole, whatever its password has: %s', async (security, how) => {
    const { mail } = parse(text('sample/answers.yaml')) as { mail: object };
    const { email } = (await coreFile({ mail: { ...mail, security } })).services;
    const auth = { user: 'platform', pass: 'mail "only" 4711' };
    expect(email.smtp).toEqual({ host: 'mail.example.org', port: '587', auth, ...how });
    expect(email.enabled.resetPassword).toBe(true);
  });

  it.each(['none', 'direct'])('without a relay the core sends no mail: %s', async (mode) => {
    const { email } = (await coreFile({ mail: { mode, host: 'left.example.org' } })).services;
    expect(email.smtp).toMatchObject({ host: '' });
    expect(email.enabled.resetPassword).toBe(false);
  });

  it('each core is the one that its owner says, the first where nothing is said', async () => {
    const { product } = parse(text('sample/answers.yaml')) as { product: object };
    const second = await coreFile({ product: { ...product, coreId: 'co2' } });
    expect([second.core.id, second.dnsLess.publicUrl]).toEqual(['co2', 'https://co2.platform.example.org/']);
    expect((await coreFile()).core.id).toBe('co1');
  });

  it.each(['register-files', 'slave-files'])('further cores have the names of their places, those that are gone too: %s', async (step) => {
    const { product } = parse(text('sample/answers.yaml')) as { product: object };
    const moreCores = [{ address: '10.0.0.2', hosting: 'lab-2' }, {}, { address: 'co4.example.net' }];
    const found = (await files(step, { more: { product: { ...product, moreCores } } })).get('register/conf/register.json') ?? '';
    const { addresses, hostings } = JSON.parse(found) as Record<'addresses' | 'hostings', Record<string, string>>;
    expect(addresses).toMatchObject({ co1: '192.0.2.2', co2: '10.0.0.2', co3: '', co4: 'co4.example.net', co9: '' });
    expect(hostings).toMatchObject({ co1: 'lab-1', co2: 'lab-2', co3: '', co4: '' });
    expect(Object.keys(hostings)).toEqual((JSON.parse(text('settings.schema.json')) as SettingSchema).properties?.['coreId']?.enum);
  });

  it("trusts pages of the platform's domain and none of a domain that only begins with it", async () => {
    // `*` is anything, and the whole origin has to match.
    expect((await coreFile()).auth.trustedApps).toBe('*@https://*.platform.example.org');
  });
});

describe('addresses of the platform', () => {
  const problems = (more: object) => {
    const { product, ...rest } = parse(text('sample/answers.yaml')) as { product: object };
    return validateAnswers({ ...rest, product: { ...product, ...more } }, schema).map(({ path }) => path);
  };

  it('may be host names where the register can lead to one', () => {
    const cores = { core1Address: 'core.example.net', moreCores: [{ address: 'core2.example.net', hosting: 'lab' }] };
    expect(problems({ ...cores, staticAddress: 'pages.example.net' })).toEqual([]);
    expect(problems({ registerAddress: 'register.example.net' })).toEqual(['/product/registerAddress']);
    expect(problems({ websiteAddress: 'www.example.net' })).toEqual(['/product/websiteAddress']);
  });
});
