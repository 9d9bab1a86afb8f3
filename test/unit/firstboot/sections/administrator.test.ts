import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';

import { keyFault } from '../../../../firstboot/sections/administrator/ssh-key.ts';
import { validateAnswers } from '../../../../firstboot/settings/index.ts';
import { adviceFor, estimate } from '../../../../firstboot/settings/strength.ts';

const field = (data: Buffer | string): Buffer => {
  const bytes = Buffer.from(data as string);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};
const line = (algorithm: string, ...fields: (Buffer | string)[]): string =>
  `${algorithm} ${Buffer.concat([field(algorithm), ...fields.map(field)]).toString('base64')} me@here`;
const rsa = (bits: number): string => {
  const { e = '', n = '' } = generateKeyPairSync('rsa', { modulusLength: bits }).publicKey.export({ format: 'jwk' });
  return line('ssh-rsa', Buffer.from(e, 'base64url'), Buffer.concat([Buffer.alloc(1), Buffer.from(n, 'base64url')]));
};
const point = (length: number): Buffer => Buffer.alloc(length, 4);

/** Made by ssh-keygen. */
const REAL = [
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGwvQhJoTTWEKSKTjrcCjrX6TiWDBWSLSOAKgSWk2dQ9 owner',
  'ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBEmKSENjQEezOmxkZMy7opKgwFB9nkt5YRrYMjNuG5N87uRgg6CLrbo5wAdT/y6v0mKV0U2w0WZ2YB/++Tpockg=',
];

describe('SSH keys', () => {
  test.each([
    ...REAL,
    rsa(2048),
    line('sk-ssh-ed25519@openssh.com', point(32), 'ssh:'),
    line('sk-ecdsa-sha2-nistp256@openssh.com', 'nistp256', point(65), 'ssh:'),
    line('ecdsa-sha2-nistp521', 'nistp521', point(133)),
  ])('%s is whole', (key) => expect(keyFault(key)).toBeUndefined());

  test.each([
    [rsa(1024), 'short'],
    [(REAL[0] ?? '').replace('dQ9', 'd'), 'damaged'],
    [(REAL[0] ?? '').replace('AAAAIGwv', 'AAAAIG=wv'), 'damaged'],
    [(REAL[0] ?? '').replace('ssh-ed25519 ', 'ssh-rsa '), 'other-algorithm'],
    [line('ssh-ed25519', point(31)), 'damaged'],
    [line('ssh-ed25519', point(32), 'more'), 'damaged'],
    [line('ecdsa-sha2-nistp256', 'nistp384', point(65)), 'damaged'],
    [line('ecdsa-sha2-nistp256', 'nistp256', point(97)), 'damaged'],
    ['ssh-rsa AAAA', 'damaged'],
  ])('%s: %s', (key, fault) => expect(keyFault(key)).toBe(fault));

  test('settings say which one is wrong', () => {
    const messages = validateAnswers({ schemaVersion: 1, administrator: { sshKeys: [...REAL, rsa(1024)] } }, undefined).map(
      (each) => each.message,
    );
    expect(messages).toEqual(['administrator.sshKeys[2] is an RSA key of less than 2048 bits']);
  });

  test('SSH takes a password only where there is one', () => {
    const answers = (password: object): unknown[] =>
      validateAnswers({ schemaVersion: 1, administrator: { sshPasswordLogin: true, ...password } }, undefined).map((each) => each.message);
    expect(answers({})).toEqual(['"password" is missing in administrator: SSH is to take it']);
    expect(answers({ password: 'long enough' })).toEqual([]);
  });
});

describe('the strength of a password', () => {
  test.each([
    ['password12', 'weak', 'word'],
    ['P@ssw0rd2024!', 'weak', 'word'],
    ['qwertyuiop', 'weak', 'row'],
    ['aaaaaaaaaaaaaaaaaaaa', 'weak', 'repeat'],
    ['0987654321zyxw', 'weak', 'row'],
    ['sphere-owner-1999', 'weak', 'name'],
    ['kV7#pq2z', 'fair', 'short'],
    ['kV7#pq2z!Lmw', 'strong', undefined],
    ['ответ на вопрос жизни', 'strong', undefined],
    ['thick velvet ostrich lamp', 'strong', undefined],
  ])('%s: %s', (password, strength, reason) => {
    const found = estimate(password, ['owner', 'sphere.example.org']);
    expect(found).toMatchObject({ strength });
    if (reason === undefined) expect(found.reasons).toEqual([]);
    else expect(found.reasons).toContain(reason);
  });

  test('ends for whatever is typed', () => {
    for (const odd of ['', '\n\n\n', '\u0000', '$$$$$$$$$$$$', 'İİİİİİİİİİ', '𝕒𝕓𝕔𝕕𝕖𝕗𝕘'.repeat(30)])
      expect(estimate(odd, ['', odd]).bits).toBeGreaterThanOrEqual(0);
  });

  test('is said in words, with advice where it wants some', () => {
    expect(adviceFor('Password2024', [])).toMatchObject({
      message: { en: expect.stringContaining('easy to guess') },
      remedy: { en: expect.stringContaining('common words') },
    });
    expect(adviceFor('kV7#pq2z', [])).toMatchObject({
      message: { en: expect.stringContaining('fair') },
      remedy: { en: expect.stringContaining('longer') },
    });
    expect(adviceFor('kV7#pq2z!Lmw', [])).toEqual({ message: expect.objectContaining({ en: expect.stringContaining('strong') }) });
    expect(adviceFor('magasin-lorry-9', ['magasin.example.org']).message.en).not.toBe(adviceFor('magasin-lorry-9', []).message.en);
  });
});
