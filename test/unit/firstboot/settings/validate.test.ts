import { describe, expect, it } from 'vitest';

import {
  applyDefaults,
  isIncomplete,
  MAX_OVF_PROPERTIES,
  ovfProperties,
  secretPaths,
  settingAt,
  validateAnswers,
} from '../../../../firstboot/settings/index.ts';

const product = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'object',
  additionalProperties: false,
  required: ['admin'],
  properties: {
    admin: {
      type: 'object',
      additionalProperties: false,
      required: ['email'],
      properties: {
        email: { type: 'string', format: 'email', 'x-ovf': { order: 50, label: 'Superuser e-mail', category: 'Sphere' } },
        password: { type: 'string', minLength: 8, writeOnly: true, 'x-generate': { length: 16, alphabet: 'alphanumeric' } },
      },
    },
    workers: { type: 'integer', minimum: 1, default: 2 },
    ldap: {
      type: 'object',
      additionalProperties: false,
      required: ['host'],
      properties: { host: { type: 'string' }, port: { type: 'integer', default: 389 } },
    },
    limits: { type: 'object', additionalProperties: false, properties: { uploads: { type: 'integer', default: 5 } } },
  },
};

const good = { schemaVersion: 1, product: { admin: { email: 'me@example.org' } } };

describe('what a product cannot do without', () => {
  const demanding = { ...product, 'x-requires': ['domain.name'] };

  it('is missing where it is not given, and then answers are a beginning', () => {
    const [violation, ...others] = validateAnswers(good, demanding);
    expect(others).toEqual([]);
    expect(violation).toMatchObject({ path: '/domain', message: '"domain.name" is missing: this product cannot do without' });
    expect(violation && isIncomplete(violation)).toBe(true);
    expect(validateAnswers({ ...good, domain: { name: 'shop.example.org' } }, demanding)).toEqual([]);
    expect(validateAnswers(good, product)).toEqual([]);
  });
});

describe('validateAnswers', () => {
  it('accepts the least that is needed', () => {
    expect(validateAnswers(good, product)).toEqual([]);
    expect(validateAnswers({ schemaVersion: 1 }, undefined)).toEqual([]);
  });

  it.each([
    ['a missing product setting', { schemaVersion: 1 }, '/product', '"admin" is missing in product'],
    ['a missing version', { product: good.product }, '', '"schemaVersion" is missing'],
    ['an unknown section', { ...good, netwrok: {} }, '/netwrok', '"netwrok" is not known here'],
    [
      'an unknown setting',
      { schemaVersion: 1, product: { ...good.product, worker: 3 } },
      '/product/worker',
      '"worker" is not known in product',
    ],
    ['settings of a product that has none', { ...good, product: { ...good.product, x: 1 } }, '/product/x', '"x" is not known in product'],
    ['a wrong type', { ...good, mail: { port: '25' } }, '/mail/port', 'mail.port must be a whole number, but is text'],
    ['a section that is a list', { ...good, time: [] }, '/time', 'time must be a group of "name: value" lines, but is a list'],
    ['a section that is empty', { ...good, time: null }, '/time', 'time must be a group of "name: value" lines, but is empty'],
    [
      'a bad host name',
      { ...good, network: { hostName: 'Bad_Name' } },
      '/network/hostName',
      'network.hostName does not have the form that is wanted',
    ],
    ['a bad domain', { ...good, domain: { name: 'localhost' } }, '/domain/name', 'domain.name does not have the form that is wanted'],
    [
      'a private key as public key',
      { ...good, administrator: { sshKeys: ['-----BEGIN'] } },
      '/administrator/sshKeys/0',
      'administrator.sshKeys[0] does not have the form that is wanted',
    ],
    ['a zone that is none', { ...good, time: { zone: 'Mars/Olympus' } }, '/time/zone', 'time.zone is not a time zone of the tz database'],
    [
      'root as login',
      { ...good, administrator: { login: 'root' } },
      '/administrator/login',
      'administrator.login is an account that the system uses itself',
    ],
    ...['sudo', 'systemd-network', '_apt'].map((login): [string, object, string, string] => [
      `${login} as login`,
      { ...good, administrator: { login } },
      '/administrator/login',
      'administrator.login is an account that the system uses itself',
    ]),
    [
      'a password of two lines',
      { ...good, administrator: { password: 'long enough\nroot:toor' } },
      '/administrator/password',
      'administrator.password does not have the form that is wanted',
    ],
    [
      'a relay without host',
      { ...good, mail: { mode: 'relay', senderAddress: 'a@example.org' } },
      '/mail',
      '"host" is missing in mail: mail goes by a relay',
    ],
    [
      'unattended without credential',
      { ...good, unattended: true },
      '/administrator',
      'unattended set-up needs a password or an SSH key of the administrator',
    ],
    ['no answers at all', null, '', 'the document must be a group of "name: value" lines, but is empty'],
  ])('refuses %s', (_name, answers, path, message) => {
    expect(validateAnswers(answers, product)).toEqual([expect.objectContaining({ path, message })]);
  });

  it('reports everything at once and suggests what was meant', () => {
    const violations = validateAnswers({ ...good, mial: {}, time: { zoen: 'UTC' } }, product);
    expect(violations.map(({ path, suggestion }) => [path, suggestion])).toEqual([
      ['/mial', 'Did you mean "mail"?'],
      ['/time/zoen', 'Did you mean "zone"?'],
    ]);
  });

  it('never quotes a value, which may be a secret', () => {
    const answers = {
      ...good,
      administrator: { password: 'hunter2!' },
      mail: { mode: 'sekrit-mode' },
      network: { hostName: 'Sekrit Name' },
    };
    const text = JSON.stringify(validateAnswers(answers, product));
    expect(text).not.toMatch(/hunter2|sekrit/i);
    expect(text).toContain('at least 10 characters');
  });

  it('takes unattended with a key or a password', () => {
    const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMcGCUvGpBvGi3gPtQ0gFVZmZVtDqcmCxdCUSbpvRiJr me@example.org';
    expect(validateAnswers({ ...good, unattended: true, administrator: { sshKeys: [key] } }, product)).toEqual([]);
    expect(validateAnswers({ ...good, unattended: true, administrator: { password: 'long enough!' } }, product)).toEqual([]);
  });
});

describe('applyDefaults', () => {
  it('fills every section and leaves what was given', () => {
    const given = structuredClone(good);
    const settings = applyDefaults(given, product);
    expect(given).toEqual(good);
    expect(settings).toEqual({
      schemaVersion: 1,
      unattended: false,
      administrator: { login: 'admin', sshKeys: [], sshPasswordLogin: false },
      domain: {},
      certificate: {
        mode: 'self-signed',
        acme: {
          directory: 'https://acme-v02.api.letsencrypt.org/directory',
          agreeToTerms: false,
          challenge: 'http-01',
          keyType: 'ec256',
        },
      },
      mail: { mode: 'none', port: 587, security: 'starttls' },
      updates: { automatic: true },
      time: { zone: 'Etc/UTC', ntp: [] },
      network: {},
      product: { admin: { email: 'me@example.org' }, workers: 2, limits: { uploads: 5 } },
    });
  });

  it('keeps an optional group out that its defaults do not make whole, and completes one that was given', () => {
    const settings = applyDefaults({ ...good, product: { ...good.product, ldap: { host: 'l' } } }, product);
    expect(settings.product['ldap']).toEqual({ host: 'l', port: 389 });
    expect(applyDefaults(good, product).product).not.toHaveProperty('ldap');
  });

  it('gives each caller values of its own', () => {
    applyDefaults(good, product).time.ntp?.push('changed.example.org');
    expect(applyDefaults(good, product).time.ntp).toEqual([]);
  });
});

describe('walks', () => {
  it('names OVF properties with prefixed keys, in order', () => {
    const properties = ovfProperties(product);
    expect(properties.map(({ key }) => key)).toEqual([
      'unit.unattended',
      'unit.network.hostName',
      'unit.network.address',
      'unit.network.gateway',
      'unit.network.dns',
      'unit.domain.name',
      'unit.administrator.login',
      'unit.administrator.password',
      'unit.time.zone',
      'unit.product.admin.email',
    ]);
    expect(properties.at(-1)).toMatchObject({ label: 'Superuser e-mail', category: 'Sphere' });
    expect(properties.length).toBeLessThanOrEqual(MAX_OVF_PROPERTIES);
  });

  it('knows the secrets', () => {
    const certificate = ['pem', 'key', 'file', 'passphrase', 'acme.dnsCredentials', 'acme.eabHmacKey'].map((name) => `certificate.${name}`);
    expect(secretPaths(product)).toEqual([...certificate, 'administrator.password', 'mail.password', 'product.admin.password']);
  });

  it('reads settings by dotted path, own members only', () => {
    const settings = applyDefaults(good, product);
    expect(settingAt(settings, 'product.admin.email')).toBe('me@example.org');
    expect(settingAt(settings, 'product.constructor')).toBeUndefined();
    expect(settingAt(settings, 'product.admin.email.length')).toBeUndefined();
  });
});
