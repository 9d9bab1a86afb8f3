import { describe, expect, test } from 'vitest';

import { messageOf } from '../../../../firstboot/apply/changes/executable.ts';
import { databaseStatements, differingSettings } from '../../../../firstboot/apply/changes/postgresql-database.ts';
import { roleStatements } from '../../../../firstboot/apply/changes/postgresql-role.ts';
import { holdsSecret } from '../../../../firstboot/apply/changes/template.ts';
import { useraddArguments, usermodArguments } from '../../../../firstboot/apply/changes/user.ts';
import { ALPHABETS, generateSecret } from '../../../../firstboot/apply/generate.ts';
import { parseClusters } from '../../../../firstboot/apply/postgresql/cluster.ts';
import { scramMatches, scramVerifier } from '../../../../firstboot/apply/postgresql/scram.ts';
import { setAt } from '../../../../firstboot/settings/index.ts';

describe('users', () => {
  test.each([
    [
      { name: 'www', home: '/home/www', groups: ['adm', 'redis'] },
      false,
      '--create-home --home-dir /home/www --shell /bin/bash --user-group --groups adm,redis -- www',
    ],
    [
      { name: 'app', system: true },
      false,
      '--system --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin --user-group -- app',
    ],
    [
      { name: 'app', system: true, home: '/srv/app' },
      true,
      '--system --create-home --home-dir /srv/app --shell /usr/sbin/nologin --gid app -- app',
    ],
  ])('useradd %j', (wanted, groupExists, args) => expect(useraddArguments(wanted, groupExists).join(' ')).toBe(args));

  test('usermod only adds groups', () => {
    expect(usermodArguments({ name: 'a', shell: '/bin/sh', groups: ['b'] })).toEqual([
      '--shell',
      '/bin/sh',
      '--append',
      '--groups',
      'b',
      '--',
      'a',
    ]);
  });
});

describe('PostgreSQL', () => {
  test('lines of pg_lsclusters', () => {
    const text =
      '15 main 5433 down,binaries_missing postgres /a /b\n17 main 5432 online,recovery postgres /c -\n17 other 5434 online postgres /d -';
    expect(parseClusters(text)).toEqual([
      { version: '15', port: '5433', online: false },
      { version: '17', port: '5432', online: true },
    ]);
    expect(parseClusters('')).toEqual([]);
  });

  test('names and values are quoted', () => {
    expect(roleStatements('a"b', undefined)).toContain('ALTER ROLE "a""b" LOGIN;');
    const sql = databaseStatements({ name: 'd', owner: "o'x", settings: { timezone: "U'C" } });
    expect(sql).toContain(`'CREATE DATABASE "d" OWNER "o''x" TEMPLATE template0 ENCODING ''UTF8''' WHERE`);
    expect(sql).toContain(`ALTER DATABASE "d" SET timezone = 'U''C';`);
    expect(() => databaseStatements({ name: 'd', owner: 'o', settings: { 'x; DROP': '1' } })).toThrow(/no name of a PostgreSQL setting/);
  });

  test('settings are compared by the server spelling of their names', () => {
    expect(differingSettings({ timezone: 'UTC', work_mem: '4MB' }, ['TimeZone=UTC', 'work_mem=8MB', 'x=a=b'])).toEqual(['work_mem']);
    expect(differingSettings({ x: 'a=b' }, ['x=a=b'])).toEqual([]);
  });

  test('SCRAM verifier of RFC 7677', () => {
    const verifier = scramVerifier('pencil', Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'), 4096);
    expect(verifier).toBe(
      'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
    );
    expect(scramMatches(verifier, 'pencil')).toBe(true);
    expect(scramMatches(verifier, 'Pencil')).toBe(false);
    expect(scramMatches('md5abc', 'pencil')).toBe(false);
    expect(scramMatches(scramVerifier('\u2168'), 'IX')).toBe(true);
  });
});

test.each([
  ['hex', 64],
  ['alphanumeric', 8],
  ['base64', 33],
] as const)('a secret of %s', (alphabet, length) => {
  const secret = generateSecret(length, alphabet);
  expect(secret).toHaveLength(length);
  for (const letter of secret) expect(ALPHABETS[alphabet]).toContain(letter);
  expect(generateSecret(length, alphabet)).not.toBe(secret);
});

test.each([
  ['{{secrets.a}}', true],
  ['{{settings.product.password}}', true],
  ['{{#each settings.product}}{{this}}{{/each}}', true],
  ['{{settings.product.title}}', false],
  ['{{settings.product.passwordHint}}', false],
])('%s holds a secret: %s', (text, holds) => expect(holdsSecret(text, ['product.password'])).toBe(holds));

test.each([
  ['{ "message": "made" }', 'made'],
  ['made', undefined],
  ['{ "message": 5 }', undefined],
  ['{"mess', undefined],
])('message of %s', (line, message) => expect(messageOf(line)).toBe(message));

test('setting a dotted path', () => {
  const data: Record<string, unknown> = { a: { b: 1 }, c: 2 };
  setAt(data, 'a.d.e', 3);
  setAt(data, 'a.b', undefined);
  setAt(data, 'c.x', 4);
  setAt(data, 'no.such', undefined);
  expect(data).toEqual({ a: { d: { e: 3 } }, c: 2 });
});
