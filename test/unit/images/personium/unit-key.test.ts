import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';

import { imageFile } from './image.ts';

const folder = mkdtempSync(join(tmpdir(), 'unitsmith-x509-'));
const at = (name: string): string => join(folder, name);
const script = imageFile('apply.d/10-unit-key')
  .replace('/etc/personium/x509', folder)
  .replace('shutil.chown(part, "root", "personium")', 'pass');

function step(verb: string, domain: string, coordination: object = {}): { status: number | null; said: string } {
  const input = JSON.stringify({ settings: { domain: { name: domain }, product: { coordination } } });
  const { status, stdout, stderr } = spawnSync('python3', ['-c', script, verb], { input, encoding: 'utf8' });
  return { status, said: status === 0 ? stdout : stderr };
}

/** It says why, and by that alone. */
const refused = (why: string) => ({ status: 2, said: expect.stringMatching(new RegExp(`^[^\n]*${why}[^\n]*\n$`)) });

function openssl(...argv: string[]): string {
  const { status, stdout, stderr } = spawnSync('openssl', argv, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

/** A certificate that signs itself; its key is NAME.key. */
function root(name: string, subject: string, days = 30): string {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-keyout', at(`${name}.key`)];
  openssl('req', '-x509', ...key, '-subj', subject, '-days', String(days), '-out', at(`${name}.pem`));
  return readFileSync(at(`${name}.pem`), 'utf8');
}

function signed(request: string, by: string, name: string, ...more: string[]): string {
  openssl('x509', '-req', '-in', request, '-CA', at(`${by}.pem`), '-CAkey', at(`${by}.key`), '-out', at(`${name}.pem`), ...more);
  return readFileSync(at(`${name}.pem`), 'utf8');
}

const trusted = (): string[] =>
  readdirSync(folder)
    .filter((name) => name.startsWith('issuer-'))
    .sort()
    .map((name) => readFileSync(at(name), 'utf8'));
const unitCertificate = (): string => readFileSync(at('unit.crt'), 'utf8');

describe('the key of the unit', () => {
  it('is made once, with a request and a certificate by the domain; a new domain makes new ones of the same key', () => {
    expect(step('check', 'one.example.org').status).toBe(1);
    expect(step('apply', 'one.example.org').status).toBe(0);
    expect(step('check', 'one.example.org').status).toBe(0);
    const key = readFileSync(at('unit.key'), 'utf8');
    expect(key).toMatch(/^-----BEGIN RSA PRIVATE KEY-----/);
    expect(statSync(at('unit.key')).mode & 0o777).toBe(0o640);
    expect(step('check', 'two.example.org').status).toBe(1);
    expect(step('apply', 'two.example.org').status).toBe(0);
    expect(readFileSync(at('unit.key'), 'utf8')).toBe(key);
    for (const [kind, name] of [['x509', 'unit.crt'] as const, ['req', 'unit.csr'] as const])
      expect(openssl(kind, '-in', at(name), '-noout', '-subject', '-nameopt', 'RFC2253').trim()).toBe('subject=CN=two.example.org');
    expect(existsSync(at('unit.part'))).toBe(false);
  });

  it.each([
    ['unit.crt', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'],
    ['unit.csr', 'x'],
    // As a power cut leaves a file that was never written through.
    ['unit.key', ''],
    ['unit.key', '\0\0\0\xff'],
  ])('%s, where it is damaged (%j), is made anew with what hangs on it', (name, damage) => {
    writeFileSync(at(name), damage, 'latin1');
    expect(step('check', 'two.example.org').status).toBe(1);
    expect(step('apply', 'two.example.org').status).toBe(0);
    expect(step('check', 'two.example.org').status).toBe(0);
    expect(openssl('x509', '-in', at('unit.crt'), '-noout', '-pubkey')).toBe(openssl('pkey', '-in', at('unit.key'), '-pubout'));
    expect(openssl('req', '-in', at('unit.csr'), '-noout', '-pubkey')).toBe(openssl('pkey', '-in', at('unit.key'), '-pubout'));
  });

  it('takes a domain that a certificate can hold, and no longer one', () => {
    const domain = (length: number) => `${'a'.repeat(length - 12)}.example.org`;
    const key = readFileSync(at('unit.key'), 'utf8');
    for (const verb of ['check', 'apply']) expect(step(verb, domain(65))).toMatchObject(refused('too long'));
    expect(step('apply', domain(64)).status).toBe(0);
    expect(step('apply', 'two.example.org').status).toBe(0);
    expect(readFileSync(at('unit.key'), 'utf8')).toBe(key);
  });
});

// Core keeps what it trusts by the name of the issuer, and takes no token where one of them is unreadable, expired, or there twice.
describe('what core trusts', () => {
  let issuer: string;
  let given: string;
  let other: string;

  beforeAll(() => {
    if (!existsSync(at('unit.key'))) step('apply', 'two.example.org');
    issuer = root('ca', '/O=Trust, Ltd/CN=Issuer');
    other = root('other', '/CN=Other');
    given = signed(at('unit.csr'), 'ca', 'given');
  });

  it('is the certificate of the unit itself where it signs itself, and other issuers', () => {
    expect(step('apply', 'two.example.org').status).toBe(0);
    expect(trusted()).toEqual([unitCertificate()]);
    expect(step('check', 'two.example.org', { issuers: issuer }).status).toBe(1);
    expect(step('apply', 'two.example.org', { issuers: issuer }).status).toBe(0);
    expect(trusted()).toEqual([unitCertificate(), issuer]);
  });

  it("is the issuer of the unit's certificate, where there is one, and not that certificate; it goes back", () => {
    const coordination = { certificate: given, issuers: `Issuer:\r\n${issuer.replaceAll('\n', '\r\n')}${other}${issuer}` };
    expect(step('check', 'two.example.org', coordination).status).toBe(1);
    expect(step('apply', 'two.example.org', coordination)).toMatchObject({ status: 0, said: expect.stringContaining('2 trusted issuers') });
    expect(step('check', 'two.example.org', coordination).status).toBe(0);
    expect(unitCertificate()).toBe(given);
    expect(trusted()).toEqual([issuer, other]);

    expect(step('check', 'two.example.org').status).toBe(1);
    expect(step('apply', 'two.example.org').status).toBe(0);
    expect(step('check', 'two.example.org').status).toBe(0);
    expect(trusted()).toEqual([unitCertificate()]);
  });

  it('is in the settings of core, whose applications are deployed anew at each start', () => {
    const tree = mkdtempSync(join(tmpdir(), 'unitsmith-deploy-'));
    for (const path of ['run/personium', 'etc/personium', 'opt/personium/webapps', 'var/cache/personium/webapps/of-an-earlier-image'])
      mkdirSync(join(tree, path), { recursive: true });
    writeFileSync(join(tree, 'etc/personium/personium-unit-config.properties'), 'before=1\n');
    writeFileSync(join(tree, 'opt/personium/webapps/personium-core.war'), '');
    step('apply', 'two.example.org', { certificate: given, issuers: issuer + other });
    const deploy = imageFile('rootfs/usr/lib/personium/deploy')
      .replaceAll('/etc/personium/x509', folder)
      .replaceAll(/(?<=[\s=])\/(etc|run|opt|var)\//g, `${tree}/$1/`);
    for (const _start of [1, 2]) expect(spawnSync('sh', ['-c', deploy], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
    expect(readFileSync(join(tree, 'run/personium/personium-unit-config.properties'), 'utf8')).toBe(
      `before=1\nio.personium.core.x509.root=${at('issuer-001.pem')} ${at('issuer-002.pem')}\n`,
    );
    expect(readdirSync(join(tree, 'var/cache/personium/webapps'))).toEqual(['personium-core.war']);
  });

  it('may be another unit that signs itself', () => {
    const unit = root('unit-b', '/CN=unit-b.example.org');
    expect(step('apply', 'two.example.org', { issuers: unit }).status).toBe(0);
    expect(trusted()).toEqual([unitCertificate(), unit]);
  });

  it.each([
    ['a certificate whose issuer is not given', () => ({ certificate: given, issuers: other }), 'must be among the trusted issuers'],
    ['a certificate and no issuers', () => ({ certificate: given }), 'must be among the trusted issuers'],
    ['a certificate of another key', () => ({ certificate: issuer, issuers: issuer }), 'not for this unit'],
    ['two certificates', () => ({ certificate: given + given, issuers: issuer }), 'one certificate'],
    [
      'an issuer of the same name with another key',
      () => ({ certificate: given, issuers: root('ca2', '/O=Trust, Ltd/CN=Issuer') }),
      'of no use',
    ],
    ['two issuers of one name', () => ({ issuers: issuer + root('ca2', '/O=Trust, Ltd/CN=Issuer') }), 'two different certificates'],
    ['an issuer by the name of the unit', () => ({ issuers: root('self', '/CN=two.example.org') }), 'two different certificates'],
    [
      'an intermediate issuer',
      () => {
        openssl('req', '-new', '-newkey', 'rsa:2048', '-noenc', '-keyout', at('mid.key'), '-subj', '/CN=Middle', '-out', at('mid.csr'));
        return { issuers: signed(at('mid.csr'), 'ca', 'mid') };
      },
      'does not sign itself',
    ],
    [
      'an issuer that has expired',
      () => {
        openssl('req', '-new', '-key', at('ca.key'), '-subj', '/CN=Old', '-out', at('old.csr'));
        openssl('x509', '-req', '-in', at('old.csr'), '-signkey', at('ca.key'), '-days', '-1', '-out', at('old.pem'));
        return { issuers: readFileSync(at('old.pem'), 'utf8') };
      },
      'CN=Old.*expired',
    ],
    ['what is no certificate', () => ({ issuers: issuer.replace(/\n.*\n/, '\nAAAA\n') }), 'cannot be read'],
    ['a key among the issuers', () => ({ issuers: issuer + readFileSync(at('ca.key'), 'utf8') }), 'cannot be read'],
    ['half a certificate', () => ({ issuers: issuer.slice(0, 200) + issuer }), 'cannot be read'],
    ['no certificate at all', () => ({ issuers: '-----BEGIN CERTIFICATE----- -----END CERTIFICATE-----' }), 'cannot be read'],
  ])('is never %s', (_what, coordination, why) => {
    const before = trusted();
    expect(step('apply', 'two.example.org', coordination())).toMatchObject(refused(why));
    expect(trusted()).toEqual(before);
  });

  it('keeps the order in which issuers were given', () => {
    const many = Array.from({ length: 3 }, (_, number) => root(`many${number}`, `/CN=Many ${number}`));
    expect(step('apply', 'two.example.org', { issuers: many.join('') }).status).toBe(0);
    expect(readdirSync(folder).filter((name) => name.startsWith('issuer-'))).toContain('issuer-004.pem');
    expect(trusted().slice(1)).toEqual(many);
  });
});
