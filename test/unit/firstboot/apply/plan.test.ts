import { describe, expect, test } from 'vitest';

import { type Facts, plan } from '../../../../firstboot/apply/plan.ts';
import type { Step } from '../../../../firstboot/contract/step.ts';
import type { Unit } from '../../../../firstboot/contract/unit.ts';
import type { Settings } from '../../../../firstboot/settings/index.ts';

const SETTINGS = {
  schemaVersion: 1,
  domain: { name: 'shop.example' },
  administrator: { login: 'owner', password: 'hunter2-hunter2', sshKeys: [] },
  network: {},
  time: { zone: 'Asia/Tokyo', ntp: [] },
  mail: {},
  product: { password: 'hunter22', title: 'x' },
} as unknown as Settings;
const FACTS: Facts = { secretSettings: ['administrator.password', 'product.password'], postgresql: '17' };
const title = { en: 'T' };

function unit(...steps: Step[]): Unit {
  return { schemaVersion: 1, name: 'shop', version: '1.0.0', title: { en: 'Shop' }, services: {}, ports: [], state: {}, steps, probes: {} };
}

const secret: Step = { id: 'key', title, use: 'secret', with: { name: 'key' } };
const command = (parameters: (Step & { use: 'command' })['with']): Step => ({ id: 'run', title, use: 'command', with: parameters });

describe('plan', () => {
  const BEGIN = [
    'begin:network',
    'begin:package-source',
    'begin:time-zone',
    'begin:time-servers',
    'begin:locale',
    'begin:administrator',
    'begin:ssh-log-in',
    'begin:certificate',
    'begin:mail',
    'begin:updates',
  ];
  const FINISH = ['finish:services', 'finish:smoke', 'finish:finalise', 'finish:setup', 'finish:firewall'];

  test('every plan begins with what all units have, and ends with services, smoke, finalise, setup, firewall', () => {
    const { entries, image, version } = plan(unit(secret), SETTINGS, FACTS);
    expect([image, version]).toEqual(['shop', '1.0.0']);
    expect(entries.map(({ id }) => id)).toEqual([...BEGIN, 'key', ...FINISH]);
  });

  test.each<[string, Partial<Settings>, string[]]>([
    ['a host name', { network: { hostName: 'shop' } }, ['begin:host-name', ...BEGIN]],
    ['nobody who could log in', { administrator: { login: 'owner', sshKeys: [] } }, BEGIN],
    ['a key alone', { administrator: { login: 'owner', sshKeys: ['ssh-ed25519 AAAA'] } }, BEGIN],
  ])('%s', (_, settings, ids) => {
    const { entries } = plan(unit(), { ...SETTINGS, ...settings }, FACTS);
    expect(entries.map(({ id }) => id)).toEqual([...ids, ...FINISH]);
  });

  test.each([
    [[{ port: 443, purpose: 'web' }], true],
    [[{ port: 80, protocol: 'tcp' as const, purpose: 'web' }], true],
    [
      [
        { port: 443, protocol: 'udp' as const, purpose: 'QUIC' },
        { port: 8080, purpose: 'web' },
      ],
      false,
    ],
  ])('the setup page passes its ports on where the product wants them: %j', (ports, passed) => {
    const { entries } = plan({ ...unit(secret), ports }, SETTINGS, FACTS);
    const ids = entries.map(({ id }) => id);
    expect(ids.includes('begin:ports')).toBe(passed);
    if (passed) expect(ids.indexOf('begin:ports')).toBe(ids.indexOf('key') - 1);
  });

  test("the administrator's password is a word, and no account of a step is the administrator's", () => {
    const { entries } = plan(unit(), SETTINGS, FACTS);
    expect(entries.find(({ id }) => id === 'begin:administrator')?.parameters).toEqual({
      login: 'owner',
      password: '⟨setting administrator.password⟩',
      sshKeys: [],
    });
    const taken = unit({ id: 'u', title, use: 'user', with: { name: 'owner' } });
    expect(() => plan(taken, SETTINGS, FACTS)).toThrow(/administrator\.login is the account of step u/);
    const nobody = { ...SETTINGS, administrator: { login: 'owner', sshKeys: [] } };
    expect(plan(taken, nobody, FACTS).entries.find(({ id }) => id === 'begin:administrator')?.parameters).toEqual({});
    // Where the image asks for that login, its steps may add to the account.
    const asked = plan({ ...taken, setup: { administrator: { login: 'owner' } } }, SETTINGS, FACTS);
    expect(asked.entries.map(({ id }) => id)).toContain('u');
  });

  test('templates are rendered, secrets stay words', () => {
    const { entries } = plan(
      unit(secret, command({ run: ['echo', '{{settings.domain.name}}'], stdin: '{{secrets.key}} {{settings.product.password}}' })),
      SETTINGS,
      FACTS,
    );
    expect(entries.find(({ id }) => id === 'run')?.parameters).toEqual({
      run: ['echo', 'shop.example'],
      stdin: '⟨secret key⟩ ⟨setting product.password⟩',
    });
    expect(JSON.stringify(entries)).not.toContain('hunter22');
  });

  test('each entry says in every language what will happen', () => {
    const steps: Step[] = [
      { id: 'a', title, use: 'user', with: { name: 'www' } },
      { id: 'b', title, use: 'directory', with: { path: '/srv' } },
      secret,
      { id: 'd', title, use: 'template', with: { from: 'a', to: '/b', format: 'ini' } },
      { id: 'e', title, use: 'postgresql-cluster', with: {} },
      { id: 'f', title, use: 'postgresql-role', with: { name: 'r' } },
      { id: 'g', title, use: 'postgresql-database', with: { name: 'd', owner: 'r' } },
      { id: 'h', title, use: 'service', with: { name: 's' } },
      command({ run: ['/bin/x'] }),
      { id: 'i', title, use: 'executable', with: { file: '10-x' } },
    ];
    const settings = { ...SETTINGS, network: { hostName: 'shop' }, time: { zone: 'Asia/Tokyo', ntp: ['192.0.2.1'] } };
    for (const { words } of [...plan(unit(...steps), settings, FACTS).entries, ...plan(unit(), SETTINGS, FACTS).entries]) {
      expect(Object.keys(words).sort()).toEqual(['en', 'ja', 'ru']);
      for (const text of Object.values(words)) expect(text).not.toMatch(/undefined|^$/);
    }
  });

  test.each<[string, Step, RegExp]>([
    ['a secret in an argument', command({ run: ['echo', '{{secrets.key}}'] }), /step run: `run` would hold a secret/],
    ['a secret setting in an argument', command({ run: ['echo', '{{settings.product.password}}'] }), /would hold a secret/],
    ['a secret in a path', { id: 'd', title, use: 'directory', with: { path: '/{{secrets.key}}' } }, /`path` would hold a secret/],
    ['a setting that is not there', command({ run: ['{{settings.none}}'] }), /step run, run: line 1: settings\.none/],
    ['a secret that no step makes', command({ run: ['a'], stdin: '{{secrets.other}}' }), /secrets\.other/],
  ])('%s is refused', (_, step, message) => expect(() => plan(unit(secret, step), SETTINGS, FACTS)).toThrow(message));

  test('PostgreSQL steps need PostgreSQL', () => {
    const step: Step = { id: 'db', title, use: 'postgresql-cluster', with: {} };
    expect(() => plan(unit(step), SETTINGS, { ...FACTS, postgresql: undefined })).toThrow(/step db needs PostgreSQL/);
  });

  test('it changes nothing that it was given', () => {
    const before = structuredClone(SETTINGS);
    plan(unit(secret), SETTINGS, FACTS);
    expect(SETTINGS).toEqual(before);
  });
});
