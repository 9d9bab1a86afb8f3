/** Nothing on the page is English alone: what schemas and rules say is held here, what checks and steps say by its type. */
import { describe, expect, it } from 'vitest';

import { problemOf } from '../../../../firstboot/helper/settings.ts';
import type { SettingSchema } from '../../../../firstboot/settings/annotations.ts';
import { answersSchema, settingsOf, validateAnswers } from '../../../../firstboot/settings/index.ts';
import { complaintsOf } from '../../../../firstboot/web/form/problems.ts';
import { translator } from '../../../../firstboot/web/language.ts';

const OTHERS = ['ja', 'ru'] as const;
const SCRIPT = { ja: /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u, ru: /\p{Script=Cyrillic}/u } as const;

/** Every text by language in a schema, with where it stands. */
function textsOf(schema: SettingSchema, at: string): [string, Record<string, string>][] {
  const own = Object.entries(schema).flatMap(([keyword, value]): [string, Record<string, string>][] => {
    if (keyword === 'x-titles' || keyword === 'x-help' || keyword === 'x-pattern-help') return [[`${at} ${keyword}`, value as never]];
    if (keyword !== 'x-choices') return [];
    return Object.entries(value as Record<string, never>).map(([choice, texts]) => [`${at} ${choice}`, texts]);
  });
  const below = [...Object.entries(schema.properties ?? {}), ...(schema.items === undefined ? [] : [['[]', schema.items] as const])];
  return [...own, ...below.flatMap(([name, member]) => textsOf(member, `${at}.${name}`))];
}

it('has titles, help and choices of every section in every language', () => {
  const texts = textsOf(answersSchema(undefined), '');
  expect(texts.length).toBeGreaterThan(60);
  expect(texts.filter(([, { ja = '', ru = '' }]) => ja === '' || ru === '').map(([at]) => at)).toEqual([]);
  const untitled = settingsOf(answersSchema(undefined)).filter(
    ({ path, schema }) => path.includes('.') && schema['x-titles'] === undefined,
  );
  expect(untitled.map(({ path }) => path)).toEqual([]);
});

describe('what is wrong with answers is said', () => {
  const key = (bits: string): string => `ssh-rsa ${bits}`;
  const acme = { mode: 'acme', acme: { challenge: 'dns-01', eabKeyId: 'a' } };
  it.each<[string, object]>([
    ['no credential', { unattended: true }],
    ['a reserved login', { administrator: { login: 'root' } }],
    ['a damaged key', { administrator: { sshKeys: [key('AAAA')] } }],
    ['no password for SSH', { administrator: { sshPasswordLogin: true } }],
    ['no such zone', { time: { zone: 'Mars/Base' } }],
    ['no relay', { mail: { mode: 'relay' } }],
    ['no user', { mail: { mode: 'relay', host: 'a.example.org', senderAddress: 'a@example.org', password: 'secret' } }],
    ['no mail password', { mail: { mode: 'relay', host: 'a.example.org', senderAddress: 'a@example.org', user: 'u' } }],
    ['an address for a name', { mail: { mode: 'relay', host: '192.0.2.1', senderAddress: 'a@example.org' } }],
    ['no certificate', { certificate: { mode: 'upload' } }],
    ['an authority without anything', { certificate: acme }],
    ['the other half of a binding', { certificate: { mode: 'acme', acme: { eabHmacKey: 'YWJj' } } }],
    ['no provider', { certificate: { mode: 'acme', acme: { challenge: 'dns-01', dnsProvider: 'exec' } } }],
    ['a gateway alone', { network: { gateway: '192.0.2.1' } }],
    ['an impossible network', { network: { method: 'static', address: '192.0.2.0/24', gateway: '203.0.113.1', dns: ['x'] } }],
    ['DHCP with addresses', { network: { interfaces: [{ method: 'dhcp', addresses: ['192.0.2.9/24'] }, { method: 'static' }] } }],
    ['a setting that is not there', { mail: { colour: 'red' } }],
    ['a group that is a text', { mail: 'none' }],
    ['what is no choice', { mail: { mode: 'pigeon' } }],
    ['no form that is known', { network: { hostName: '!' } }],
  ])('in every language: %s', (_name, answers) => {
    const whole = { schemaVersion: 1, ...answers };
    const kept = {
      values: whole,
      secretsSet: [],
      origins: {},
      problems: validateAnswers(whole, undefined).map(problemOf),
      schema: answersSchema(undefined),
    };
    const said = (language: 'en' | 'ja' | 'ru') => complaintsOf(kept, { language, t: translator(language) });
    expect(said('en')).not.toEqual([]);
    for (const language of OTHERS) {
      expect(said(language)).toHaveLength(said('en').length);
      for (const { message } of said(language)) expect(message).toMatch(SCRIPT[language]);
    }
  });

  it('at the setting that is missing', () => {
    const problems = validateAnswers({ schemaVersion: 1, mail: { mode: 'relay' } }, undefined).map(problemOf);
    expect(problems.map(({ path, missing }) => [path, missing])).toEqual([
      ['mail.host', true],
      ['mail.senderAddress', true],
    ]);
  });
});
