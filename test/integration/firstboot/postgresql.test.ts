import { execFileSync, type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import type { ChangeContext } from '../../../firstboot/apply/change.ts';
import { postgresqlDatabase } from '../../../firstboot/apply/changes/postgresql-database.ts';
import { postgresqlRole } from '../../../firstboot/apply/changes/postgresql-role.ts';
import { SecretStore } from '../../../firstboot/apply/secret-store.ts';
import { System } from '../../../firstboot/kit/system.ts';

const VERSIONS = '/usr/lib/postgresql';
const version = existsSync(VERSIONS)
  ? readdirSync(VERSIONS)
      .sort()
      .find((each) => existsSync(join(VERSIONS, each, 'bin/postgres')))
  : undefined;
const missing =
  version === undefined ? 'needs the PostgreSQL server' : process.getuid?.() === 0 ? undefined : 'needs root, to be the user postgres';
const PORT = '54329';

describe.skipIf(missing !== undefined)(`PostgreSQL steps on a real server${missing === undefined ? '' : ` (${missing})`}`, () => {
  let folder: string;
  let context: ChangeContext;
  const log: string[] = [];
  const bin = join(VERSIONS, version ?? '', 'bin');
  const account = version === undefined || missing !== undefined ? ['0', '0'] : [id('-u'), id('-g')];
  const asPostgres = ['--reuid', account[0] ?? '', '--regid', account[1] ?? '', '--clear-groups', '--'];

  beforeAll(async () => {
    // Not the temporary folder of the tests, which the user postgres may not enter.
    folder = mkdtempSync('/tmp/unit-pg-');
    chmodSync(folder, 0o755);
    for (const each of ['data', 'socket']) {
      mkdirSync(join(folder, each), { mode: 0o700 });
      chownSync(join(folder, each), Number(account[0]), Number(account[1]));
    }
    chmodSync(join(folder, 'socket'), 0o755);
    execFileSync(
      'setpriv',
      [
        ...asPostgres,
        join(bin, 'initdb'),
        '-D',
        join(folder, 'data'),
        '-U',
        'postgres',
        '--auth-local=peer',
        '--auth-host=scram-sha-256',
        '--no-sync',
      ],
      { cwd: '/' },
    );
    const server = spawn(
      'setpriv',
      [
        ...asPostgres,
        join(bin, 'postgres'),
        '-D',
        join(folder, 'data'),
        '-k',
        join(folder, 'socket'),
        '-p',
        PORT,
        '-c',
        'listen_addresses=127.0.0.1',
        '-c',
        'log_statement=all',
        '-c',
        'fsync=off',
      ],
      { cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] },
    );
    server.stderr.on('data', (chunk: Buffer) => log.push(chunk.toString()));
    stop = async () => {
      const ended = new Promise((resolve) => server.once('exit', resolve));
      server.kill('SIGINT');
      await ended;
    };
    program('psql', `exec /usr/bin/psql --host='${folder}/socket' "$@"`);
    program('pg_lsclusters', `echo '${version} main ${PORT} online postgres ${folder}/data -'`);
    mkdirSync(join(folder, 'root', VERSIONS, version ?? ''), { recursive: true });
    const system = new System({
      root: join(folder, 'root'),
      path: `${folder}:${process.env['PATH']}`,
      signal: new AbortController().signal,
    });
    const secrets = new SecretStore(system);
    await secrets.write('shop', SECRET);
    context = { system, secrets, log: () => undefined } as unknown as ChangeContext;
    await vi.waitFor(() => execFileSync(join(bin, 'pg_isready'), ['-q', '-h', join(folder, 'socket'), '-p', PORT]), {
      timeout: 20_000,
      interval: 100,
    });
  }, 60_000);

  let stop: () => Promise<void> = async () => undefined;
  afterAll(async () => {
    await stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const SECRET = `pass'word"\\ %s é`;
  const NAME = 'sphere"user';
  const DATABASE = {
    name: 'sphere',
    owner: NAME,
    settings: { timezone: 'UTC', default_transaction_isolation: 'read committed', client_encoding: 'UTF8', 'app.note': `it's \\ "x"` },
  };

  test('a role can log in over TCP with its secret, which the server never saw', async () => {
    const step = { name: NAME, password: 'shop' };
    expect(await postgresqlRole.check(step, context)).toMatchObject({ done: false });
    await postgresqlRole.apply(step, context);
    expect(await postgresqlRole.check(step, context)).toEqual({ done: true });
    await postgresqlRole.apply(step, context);
    expect(query(NAME, 'select 7', 'postgres', SECRET).stdout.trim()).toBe('7');
    expect(query(NAME, 'select 7', 'postgres', 'wrong').status).not.toBe(0);
    expect(log.join('')).toContain('SCRAM-SHA-256$');
    expect(log.join('')).not.toContain(`pass''word`);
    expect(log.join('')).not.toContain(SECRET);
  });

  test('a password that was changed by hand is set again', async () => {
    const step = { name: NAME, password: 'shop' };
    query('postgres', `alter role "sphere""user" password 'other'`, 'postgres');
    expect(await postgresqlRole.check(step, context)).toEqual({ done: false, why: 'its password is another' });
    await postgresqlRole.apply(step, context);
    expect(await postgresqlRole.check(step, context)).toEqual({ done: true });
  });

  test('a database has its owner and the stated settings', async () => {
    expect(await postgresqlDatabase.check(DATABASE, context)).toMatchObject({ done: false });
    await postgresqlDatabase.apply(DATABASE, context);
    expect(await postgresqlDatabase.check(DATABASE, context)).toEqual({ done: true });
    await postgresqlDatabase.apply(DATABASE, context);
    expect(await postgresqlDatabase.check(DATABASE, context)).toEqual({ done: true });
    expect(query(NAME, `select current_setting('app.note')`, 'sphere', SECRET).stdout.trim()).toBe(`it's \\ "x"`);
    expect(query(NAME, 'show server_encoding', 'sphere', SECRET).stdout.trim()).toBe('UTF8');
  });

  test('a database that was begun and not configured is finished', async () => {
    query('postgres', 'create database half', 'postgres');
    const step = { ...DATABASE, name: 'half' };
    expect(await postgresqlDatabase.check(step, context)).toEqual({ done: false, why: 'its owner is another' });
    await postgresqlDatabase.apply(step, context);
    expect(await postgresqlDatabase.check(step, context)).toEqual({ done: true });
  });

  test('what the server refuses is an error with its words', async () => {
    const refused = postgresqlDatabase.apply({ name: 'x', owner: 'nobody-such' }, context);
    await expect(refused).rejects.toThrow(/nobody-such/);
  });

  function program(name: string, script: string): void {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }

  function query(user: string, sql: string, database: string, password?: string): SpawnSyncReturns<string> {
    const host = password === undefined ? join(folder, 'socket') : '127.0.0.1';
    const env = { PATH: process.env['PATH'] ?? '', ...(password === undefined ? {} : { PGPASSWORD: password }) };
    const psql = ['/usr/bin/psql', '-XAtw', '-h', host, '-p', PORT, '-U', user, '-d', database, '-c', sql];
    return spawnSync('setpriv', [...asPostgres, ...psql], { cwd: '/', env, encoding: 'utf8' });
  }
});

function id(flag: string): string {
  return execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }).trim();
}
