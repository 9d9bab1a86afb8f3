import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Unit } from '../../../../firstboot/contract/unit.ts';
import { System } from '../../../../firstboot/kit/system.ts';
import type { Outside } from '../../../../firstboot/sections/certificate/acme/obtain.ts';
import type { ProblemCode } from '../../../../firstboot/sections/certificate/acme/problems.ts';
import { certificateCheck } from '../../../../firstboot/sections/certificate/check.ts';
import { obtainAndPlace, obtainDue, place, placeDue } from '../../../../firstboot/sections/certificate/ensure.ts';
import type { WantedCertificate } from '../../../../firstboot/sections/certificate/names.ts';
import { readFailure, readInUse } from '../../../../firstboot/sections/certificate/place.ts';
import type { Acme } from '../../../../firstboot/sections/certificate/schema.ts';
import { certificateState } from '../../../../firstboot/sections/certificate/state.ts';
import type { Settings } from '../../../../firstboot/settings/index.ts';
import { type Authority, EAB, freePorts, MISSING, startAuthority } from './pebble.ts';

const WHERE = MISSING.length === 0 ? '' : ` (needs ${MISSING.join(', ')})`;

// lego asks every five seconds whether a proof was taken.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

let authority: Authority;
let outside: Outside;
const roots: string[] = [];

afterAll(() => {
  for (const root of roots) rmSync(root, { recursive: true, force: true });
});

function makeSystem(): System {
  const root = mkdtempSync(join(tmpdir(), 'unit-acme-'));
  roots.push(root);
  return new System({ root, path: process.env['PATH'] ?? '', signal: new AbortController().signal });
}

function outsideAt(httpPort: number): Outside {
  const addresses = async (name: string): Promise<string[]> => (name.startsWith('nowhere') ? [] : ['127.0.0.1']);
  return { httpPort, httpAddress: '127.0.0.1', addresses };
}

function wantedFor(name: string, more: Partial<Acme> = {}): WantedCertificate {
  const acme: Acme = { directory: authority.directory, roots: authority.roots, email: 'me@example.org', agreeToTerms: true, ...more };
  return { certificate: { mode: 'acme', acme: { challenge: 'http-01', keyType: 'ec256', ...acme } }, names: [name] };
}

describe.skipIf(MISSING.length > 0)(`an authority${WHERE}`, { concurrent: true }, () => {
  let stranger: Server;
  beforeAll(async () => {
    authority = await startAuthority();
    outside = outsideAt(authority.httpPort);
    for (const name of ['shut', 'nowhere']) await authority.name(`${name}.example.org`, '127.0.0.2');
    await authority.name('elsewhere.example.org', '127.0.0.3');
    // Another machine that has the name.
    stranger = createServer((_, response) => response.end('hello'));
    await new Promise<void>((resolve) => stranger.listen(authority.httpPort, '127.0.0.3', resolve));
  });
  afterAll(async () => {
    stranger?.close();
    await authority?.stop();
  });

  test('gives a certificate, which is renewed when a third of its life is left', async () => {
    const system = makeSystem();
    const wanted = wantedFor('unit.example.org');
    expect(await placeDue(system, wanted)).toBe('there is no certificate with its key');
    await place(system, wanted);
    const own = await readInUse(system);
    expect(own?.made.mode).toBe('self-signed');
    expect((await certificateState(system, wanted))?.warnings[0]?.en).toMatch(/has given no certificate yet/);

    expect(await obtainDue(system, wanted)).toBe('the certificate in use is not of the authority');
    expect(await obtainAndPlace(system, wanted, () => undefined, outside)).toBeUndefined();
    const first = await readInUse(system);
    expect(first?.made).toEqual({ mode: 'acme', directory: authority.directory, keyType: 'ec256' });
    expect(first?.leaf.subjectAltName).toBe('DNS:unit.example.org');
    expect(first?.ca).toBeUndefined();
    writeFileSync(join(system.root, 'root.pem'), await authority.root());
    const chain = ['verify', '-CAfile', 'root.pem', '-untrusted', 'etc/unit/tls/fullchain.pem', 'etc/unit/tls/fullchain.pem'];
    expect(execFileSync('openssl', chain, { cwd: system.root, encoding: 'utf8' })).toMatch(/: OK$/m);
    expect(await obtainDue(system, wanted)).toBeUndefined();
    expect(await placeDue(system, wanted)).toBeUndefined();
    expect(await certificateState(system, wanted)).toMatchObject({ mode: 'acme', warnings: [] });

    // Nothing of the client's lies about, and its account is its own.
    expect(existsSync(system.path('/var/lib/unit/acme/client/certificates'))).toBe(false);
    expect(statSync(system.path('/var/lib/unit/acme/client')).mode & 0o777).toBe(0o700);
    expect(readdirSync(system.path('/run/unit'))).toEqual([]);

    expect(await obtainDue(system, wantedFor('unit.example.org', { keyType: 'rsa2048' }))).toBe(
      'the certificate in use has a key of another kind',
    );
    expect(await obtainDue(system, { ...wanted, names: ['other.example.org'] })).toBe('the certificate is not for other.example.org');
    expect(await obtainAndPlace(system, wanted, () => undefined, outside)).toBeUndefined();
    const second = await readInUse(system);
    expect(second?.leaf.serialNumber).not.toBe(first?.leaf.serialNumber);
    expect(second?.privkey).not.toBe(first?.privkey);
  });

  test('asks the web server of the product where that serves our folder, and says so where it does not', async () => {
    const system = makeSystem();
    const answers = createServer(({ url = '' }, response) => {
      const file = system.path(join('/var/lib/unit/acme/webroot', url));
      if (existsSync(file)) response.end(readFileSync(file));
      else response.writeHead(404).end();
    });
    // An authority of its own: the other one's port belongs to the client.
    const other = await startAuthority();
    await new Promise<void>((resolve) => answers.listen(other.httpPort, '127.0.0.1', resolve));
    try {
      const own = outsideAt(other.httpPort);
      const wanted = wantedFor('web.example.org', { directory: other.directory, roots: other.roots });
      const lines: string[] = [];
      expect(await obtainAndPlace(system, wanted, (line) => lines.push(line), own)).toBeUndefined();
      expect((await readInUse(system))?.leaf.subjectAltName).toBe('DNS:web.example.org');
      expect(readdirSync(system.path('/var/lib/unit/acme/webroot/.well-known/acme-challenge'))).toEqual([]);

      answers
        .removeAllListeners('request')
        .on('request', (_, response) => response.writeHead(301, { Location: 'https://web.example.org/' }).end());
      expect(await obtainAndPlace(system, wanted, () => undefined, own)).toMatchObject({ code: 'port-taken' });
      // What it gave before stays.
      expect((await readInUse(system))?.made.mode).toBe('acme');
    } finally {
      await new Promise((resolve) => answers.close(resolve));
      await other.stop();
    }
  });

  test.each<[string, ProblemCode, string, Partial<Acme>?]>([
    ['a port that is shut', 'unreachable', 'shut.example.org'],
    ['a name that leads to another machine', 'other-machine', 'elsewhere.example.org'],
    ['a name without an address', 'name-unknown', 'nowhere.example.org'],
    ['a root that is not given', 'directory-untrusted', 'unit.example.org', { roots: undefined } as unknown as Partial<Acme>],
    ['a host that is not there', 'directory-name', 'unit.example.org', { directory: 'https://directory.invalid/dir' }],
    ['a port where nobody is', 'directory-unreachable', 'unit.example.org', { directory: 'https://127.0.0.1:1/dir' }],
    ['a URL that is no directory', 'directory-wrong', 'unit.example.org', { directory: 'PATH:/nonce-plz' }],
    [
      'a DNS provider that cannot be reached',
      'provider-fails',
      'unit.example.org',
      {
        challenge: 'dns-01',
        dnsProvider: 'rfc2136',
        dnsCredentials:
          'RFC2136_NAMESERVER=127.0.0.1:1\nRFC2136_DNS_TIMEOUT=1s\nRFC2136_TSIG_SECRET=c2VjcmV0LXNlY3JldA==\nRFC2136_TSIG_KEY=key.',
      },
    ],
  ])('%s: the problem explains itself, and the unit keeps its own certificate', async (_, code, name, more = {}) => {
    const system = makeSystem();
    const directory = more.directory?.replace('PATH:', authority.directory.replace(/\/dir$/, ''));
    const wanted = wantedFor(name, { ...more, ...(directory === undefined ? {} : { directory }) });
    await place(system, wanted);
    const lines: string[] = [];
    // The client listens where nobody asks: each of these has a port of its own.
    const [port] = await freePorts(1);
    const problem = await obtainAndPlace(system, wanted, (line) => lines.push(line), outsideAt(port as number));
    expect(problem, lines.join('\n')).toMatchObject({ code });
    expect((await readInUse(system))?.made.mode).toBe('self-signed');
    expect(await readFailure(system)).toMatchObject({ code });
    const state = await certificateState(system, wanted);
    expect(state?.warnings.map(({ en }) => en)).toContain(state?.failure?.message.en);
    expect(lines.join('\n')).not.toContain('c2VjcmV0');
    expect(readdirSync(system.path('/run/unit'))).toEqual([]);
  });

  test('a check asks the authority, and finds what cannot work', async () => {
    const unit = { ports: [{ port: 443, purpose: 'web' }] } as Unit;
    const run = async (settings: object) =>
      (await certificateCheck.run({ system: makeSystem(), unit, settings: settings as Settings, parameters: {} })).findings;
    const { certificate } = wantedFor('unit.example.org');
    expect((await run({ certificate })).map(({ severity, message }) => [severity, message.en])).toEqual([
      ['error', 'An authority certifies names, and none is set.'],
      ['error', 'This product does not open port 80, which http-01 needs.'],
      ['ok', `The authority answers at ${authority.directory}.`],
      ['info', expect.stringMatching(/^Its terms of service: /)],
    ]);
    const dns = { ...certificate.acme, challenge: 'dns-01', dnsProvider: 'no-such', roots: undefined };
    const found = await run({ domain: { name: 'unit.example.org' }, certificate: { mode: 'acme', acme: dns } });
    expect(found.map(({ message }) => message.en)).toEqual([
      'This unit does not know that DNS provider.',
      "The authority's own certificate is not trusted by this unit.",
    ]);
    const known = await run({
      domain: { name: 'unit.example.org' },
      certificate: { mode: 'acme', acme: { ...certificate.acme, challenge: 'dns-01', dnsProvider: 'hetzner' } },
    });
    expect(known.filter(({ severity }) => severity === 'error')).toEqual([]);
  });
});

describe.skipIf(MISSING.length > 0)(`an authority for its customers${WHERE}`, { concurrent: true }, () => {
  let bound: Authority;
  beforeAll(async () => {
    bound = await startAuthority({ binding: true });
  });
  afterAll(() => bound?.stop());

  const wantedOf = (more: Partial<Acme>): WantedCertificate => {
    const acme: Acme = { directory: bound.directory, roots: bound.roots, email: 'me@example.org', challenge: 'http-01', keyType: 'ec256' };
    return { certificate: { mode: 'acme', acme: { ...acme, ...more } }, names: ['unit.example.org'] };
  };
  const ask = (system: System, wanted: WantedCertificate) => obtainAndPlace(system, wanted, () => undefined, outsideAt(bound.httpPort));

  test('binds the account by the key, which no argument has', async () => {
    const system = makeSystem();
    expect(await ask(system, wantedOf({}))).toMatchObject({ code: 'account-binding' });
    const wrong = await ask(system, wantedOf({ eabKeyId: EAB.keyId, eabHmacKey: Buffer.from('wrong').toString('base64url') }));
    expect(wrong).toMatchObject({ code: 'account-refused' });
    expect(await ask(system, wantedOf({ eabKeyId: EAB.keyId, eabHmacKey: EAB.hmacKey }))).toBeUndefined();
    expect((await readInUse(system))?.made.mode).toBe('acme');
    // The next time the account is there.
    expect(await ask(system, wantedOf({ eabKeyId: EAB.keyId, eabHmacKey: EAB.hmacKey }))).toBeUndefined();
  });
});
