import { describe, expect, test } from 'vitest';
import type { Unit } from '../../../../firstboot/contract/unit.ts';
import { mail } from '../../../../firstboot/sections/mail/postfix.ts';
import { MAIN, PASSWORD_FILE, postfixFiles } from '../../../../firstboot/sections/mail/postfix-files.ts';
import { causeOf, explain } from '../../../../firstboot/sections/mail/verdict.ts';
import { WORDS } from '../../../../firstboot/sections/mail/verdict-words.ts';
import { applyDefaults, validateAnswers } from '../../../../firstboot/settings/index.ts';

/** Mail does not look at it. */
const UNIT = {} as Unit;
const RELAY = { mode: 'relay', host: 'mail.example.org', senderAddress: 'a@example.org' } as const;

describe('Postfix', () => {
  const main = (settings: object): string => {
    const setup = mail.parameters(
      applyDefaults({ schemaVersion: 1, mail: settings, domain: { name: 'shop.example.org' } }, undefined),
      UNIT,
    );
    return postfixFiles(setup as never).find(({ path }) => path === MAIN)?.text ?? '';
  };

  test.each([
    [RELAY, ['relayhost = [mail.example.org]:587', 'smtp_tls_security_level = secure'], ['wrappermode', 'sasl']],
    [{ ...RELAY, security: 'tls', port: 465 }, ['relayhost = [mail.example.org]:465', 'smtp_tls_wrappermode = yes', 'level = secure'], []],
    [
      { ...RELAY, security: 'none', host: '2001:db8::1' },
      ['relayhost = [2001:db8::1]:587', 'smtp_tls_security_level = none'],
      ['secure\n'],
    ],
    [{ ...RELAY, user: 'u', password: 'p' }, ['smtp_sasl_auth_enable = yes', `texthash:${PASSWORD_FILE}`], ['u:p']],
    [
      { ...RELAY, mode: 'direct', user: 'u', password: 'p' },
      ['relayhost =\n', 'smtp_tls_security_level = may'],
      ['sasl', 'mail.example.org'],
    ],
  ])('%j', (settings, there, notThere) => {
    const text = main(settings);
    for (const part of [...there, 'inet_interfaces = loopback-only', 'mydestination = localhost\n', 'myhostname = shop.example.org'])
      expect(text).toContain(part);
    for (const part of notThere) expect(text).not.toContain(part);
  });

  test('one file has the password, for root alone', () => {
    const files = postfixFiles({ ...RELAY, user: 'us@er', password: 'p w$1' });
    expect(files.filter(({ text }) => text.includes('p w$1'))).toEqual([
      { path: PASSWORD_FILE, mode: 0o600, text: '[mail.example.org]:587 us@er:p w$1\n' },
    ]);
  });

  test('a sender with signs that a table would take for its own', () => {
    const table = postfixFiles({ ...RELAY, senderAddress: 'a$1@example.org', senderName: '$1 <x>, "y"' }).map(({ text }) => text);
    expect(table.join('')).toContain(`REPLACE From: =?UTF-8?B?${Buffer.from('$1 <x>, "y"').toString('base64')}?= <a$$1@example.org>`);
  });

  test('is said to be off where no mail is sent, whatever is left of a relay', () => {
    const settings = applyDefaults(
      { schemaVersion: 1, mail: { mode: 'none', host: 'old.example.org', password: 'p', user: 'u' } },
      undefined,
    );
    expect(mail.parameters(settings, UNIT)).toEqual({ mode: 'none' });
    expect(mail.words({ mode: 'none' }).en).toBe('No mail is sent.');
  });
});

describe('settings of mail', () => {
  test.each([
    [{ mode: 'relay', senderAddress: 'a@example.org' }, '"host" is missing in mail: mail goes by a relay'],
    [{ mode: 'direct' }, '"senderAddress" is missing in mail: mail is sent'],
    [{ ...RELAY, password: 'p' }, '"user" is missing in mail: a password is given'],
    [{ ...RELAY, user: 'u' }, '"password" is missing in mail: a user is given'],
    [{ ...RELAY, host: '192.0.2.1' }, 'mail.host is an address: encryption needs the name that the server has in its certificate'],
    [{ ...RELAY, user: 'a:b', password: 'p' }, 'mail.user does not have the form that is wanted'],
    [{ ...RELAY, user: 'u', password: ' p' }, 'mail.password does not have the form that is wanted'],
    [{ ...RELAY, user: 'u', password: 'p\nroot x' }, 'mail.password does not have the form that is wanted'],
    [{ ...RELAY, senderName: 'A\nBcc: b@example.org' }, 'mail.senderName does not have the form that is wanted'],
  ])('%j is refused', (settings, message) => {
    expect(validateAnswers({ schemaVersion: 1, mail: settings }, undefined).map((violation) => violation.message)).toEqual([message]);
  });

  test.each([
    [{ mode: 'none', host: '192.0.2.1' }],
    [{ ...RELAY, host: '192.0.2.1', security: 'none' }],
    [{ ...RELAY, user: 'u@example.org', password: 'p w:"' }],
    [{ mode: 'direct', senderAddress: 'a@example.org', noticesTo: 'b@example.org' }],
  ])('%j is taken', (settings) => expect(validateAnswers({ schemaVersion: 1, mail: settings }, undefined)).toEqual([]));
});

/** What loopback cannot play: the rest is tried for real in test/integration/firstboot/mail.test.ts. */
test.each([
  [{ code: 'ESOCKET', cause: 'CERT_HAS_EXPIRED' }, 'expired'],
  [{ code: 'ESOCKET', cause: 'EHOSTUNREACH' }, 'unreachable'],
  [{ code: 'ETIMEDOUT', timeout: 'CONNECT_TIMEOUT' }, 'timeout'],
  [{ code: 'ESOCKET', cause: 'ERR_SSL_UNSUPPORTED_PROTOCOL' }, 'tls-broken'],
  [{ code: 'EAUTH', command: 'AUTH PLAIN', reply: 534, status: '5.7.9' }, 'login-refused'],
  [{ code: 'EAUTH', command: 'AUTH PLAIN', reply: 454 }, 'later'],
  [{ code: 'EAUTH', command: 'AUTH PLAIN', reply: 538 }, 'login-not-offered'],
  [{ code: 'EPROTOCOL', reply: 554, command: 'CONN' }, 'broken-off'],
  [{ code: 'EPROTOCOL', reply: 421, command: 'CONN' }, 'later'],
] as const)('%j: %s', (failure, cause) => expect(causeOf({ message: '', ...failure })).toBe(cause));

test('a silent port 465 is told from another silent port', () => {
  const words = (port: number): string => {
    const route = { host: 'h', port, security: 'starttls', authorities: '' } as const;
    const message = { from: { address: 'a@b' }, to: 'c@d', subject: '', text: '' };
    return explain({ code: 'ETIMEDOUT', timeout: 'GREETING_TIMEOUT', message: '' }, route, message).remedy?.en ?? '';
  };
  expect(words(465)).toContain('Choose TLS as encryption');
  expect(words(25)).toContain('try TLS as encryption');
});

test('every cause has words and a remedy in each language', () => {
  for (const pair of Object.values(WORDS)) for (const { en, ja, ru } of pair) expect([en, ja, ru].every(Boolean)).toBe(true);
});
