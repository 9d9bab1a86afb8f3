/** The test message, tried against real servers on loopback that fail in every way a real one does. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { CheckReport } from '../../../firstboot/contract/helper.ts';
import { System } from '../../../firstboot/kit/system.ts';
import type { Mail } from '../../../firstboot/sections/mail/schema.ts';
import { mailTest, type Outside } from '../../../firstboot/sections/mail/test-message.ts';
import { applyDefaults } from '../../../firstboot/settings/index.ts';
import { EMPTY_UNIT } from './fake-unit.ts';

const PASSWORD = 'geheim "ü" 4711';
const OUTSIDE: Outside = { resolveMx: () => Promise.resolve([]), port: 25, limits: { connect: 3000, greeting: 700, silence: 3000 } };

let root: string;
const pair: Record<string, { key: Buffer; cert: Buffer }> = {};

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'unit-mail-'));
  for (const [name, host] of Object.entries({ localhost: 'localhost', 'mail.example.org': 'mail.example.org', untrusted: 'localhost' }))
    pair[name] = makeCertificate(name, host);
  mkdirSync(join(root, 'etc/ssl/certs'), { recursive: true });
  const trusted = [pair['localhost'], pair['mail.example.org']].map((each) => each?.cert.toString());
  writeFileSync(join(root, 'etc/ssl/certs/ca-certificates.crt'), trusted.join(''));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

function makeCertificate(name: string, host: string): { key: Buffer; cert: Buffer } {
  const [key, cert] = [join(root, `${name}.key`), join(root, `${name}.pem`)];
  const keyOptions = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key];
  const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${host}`, '-days', '2'];
  execFileSync('openssl', ['req', '-x509', ...keyOptions, ...subject, '-out', cert], { stdio: 'pipe' });
  return { key: readFileSync(key), cert: readFileSync(cert) };
}

interface Received {
  from: string | false | undefined;
  to: string[];
  text: string;
  login: string | undefined;
  encrypted: boolean;
}

async function serve(options: SMTPServerOptions, received: Received[] = []): Promise<number> {
  const server = new SMTPServer({
    authOptional: true,
    disableReverseLookup: true,
    ...pair['localhost'],
    onAuth: ({ username, password }, _session, done) =>
      username === 'shop' && password === PASSWORD
        ? done(null, { user: username })
        : done(Object.assign(new Error(`no ${String(password)} here`), { responseCode: 535 })),
    onData(stream, session, done) {
      let text = '';
      stream.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        received.push({
          from: mailFrom === false ? false : mailFrom?.address,
          to: rcptTo.map(({ address }) => address),
          text,
          login: session.user as string | undefined,
          encrypted: session.secure,
        });
        done();
      });
    },
    ...options,
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  closers.push(() => server.close());
  return ((server.server as Server).address() as AddressInfo).port;
}

/** A server that says what it is told to, line by line. */
async function script(replies: readonly string[]): Promise<number> {
  const server = createServer((socket) => {
    const rest = [...replies];
    socket.on('error', () => undefined);
    const say = (): void => {
      const reply = rest.shift();
      if (reply === undefined) socket.end();
      else socket.write(`${reply}\r\n`);
    };
    say();
    socket.on('data', () => say());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  closers.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function tryMail(mail: Mail, outside = OUTSIDE, recipient: unknown = 'someone@example.net'): Promise<CheckReport> {
  const system = new System({ root, path: '/usr/bin:/bin', signal: new AbortController().signal });
  const settings = applyDefaults({ mail: { senderAddress: 'shop@example.org', senderName: 'Магазин', ...mail } }, undefined);
  return mailTest(outside).run({ system, unit: EMPTY_UNIT, settings, parameters: { recipient } });
}

const said = ({ findings }: CheckReport): string => findings.map(({ severity, message }) => `${severity}: ${message.en}`).join('\n');
const refusing = (reply: number, text: string): Error => Object.assign(new Error(text), { responseCode: reply });

describe('a test message', () => {
  test.each(['starttls', 'tls', 'none'] as const)('arrives with a log-in and %s', async (security) => {
    const received: Received[] = [];
    const port = await serve({ secure: security === 'tls', allowInsecureAuth: true, hideSTARTTLS: security === 'none' }, received);
    const report = await tryMail({ mode: 'relay', host: 'localhost', port, security, user: 'shop', password: PASSWORD });
    expect(said(report)).toBe('ok: localhost took the test message for someone@example.net.');
    expect(received).toEqual([
      { from: 'shop@example.org', to: ['someone@example.net'], text: expect.any(String), login: 'shop', encrypted: security !== 'none' },
    ]);
    expect(received[0]?.text).toMatch(/^From: =\?UTF-8\?\S+ <shop@example.org>\r\nTo: someone@example.net\r\nSubject: Shop: test\r\n/);
    expect(report.log).toContain('> MAIL FROM:<shop@example.org>');
    expectNoSecret(report);
  });

  test('goes to the servers of the domain where no relay is named, the first that answers', async () => {
    const received: Received[] = [];
    const port = await serve({ ...pair['untrusted'] }, received);
    const records = [
      { priority: 20, exchange: 'localhost' },
      { priority: 10, exchange: 'gone.invalid' },
    ];
    const report = await tryMail({ mode: 'direct' }, { ...OUTSIDE, port, resolveMx: () => Promise.resolve(records) });
    expect(said(report)).toContain('ok: localhost took');
    expect(received).toMatchObject([{ to: ['someone@example.net'], encrypted: true }]);
    expect(report.log?.[0]).toBe(`* gone.invalid, port ${port}`);
  });

  test('does not go where the domain says that it takes none', async () => {
    const report = await tryMail({ mode: 'direct' }, { ...OUTSIDE, resolveMx: () => Promise.resolve([{ priority: 0, exchange: '' }]) });
    expect(said(report)).toBe('error: The domain example.net takes no mail.');
  });

  test('goes nowhere with mail off, or to what is no address', async () => {
    expect(said(await tryMail({ mode: 'none' }))).toContain('info: Mail is switched off');
    for (const recipient of ['nobody', 'a@b.example>\r\nRCPT TO:<c@d.example', 'a@b, c@d', 7])
      expect(said(await tryMail({ mode: 'relay', host: 'localhost', noticesTo: 'x y' }, OUTSIDE, recipient))).toContain('Give the address');
  });
});

describe('in plain words', () => {
  test('a name that is not there', async () => {
    const report = await tryMail({ mode: 'relay', host: 'mail.invalid', port: 25 });
    expect(said(report)).toBe('error: There is no server of the name mail.invalid.');
  });

  test('a port that is shut', async () => {
    expect(said(await tryMail({ mode: 'relay', host: 'localhost', port: await shutPort() }))).toContain('refuses connections');
  });

  test('a server that takes the connection and says nothing', async () => {
    const port = await script([]);
    expect(said(await tryMail({ mode: 'relay', host: 'localhost', port }))).toMatch(/broke the conversation off/);
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', () => resolve()));
    closers.push(() => silent.close());
    const report = await tryMail({ mode: 'relay', host: 'localhost', port: (silent.address() as AddressInfo).port });
    expect(said(report)).toContain('does not greet as a mail server');
  });

  test('no STARTTLS: nothing secret was said', async () => {
    const port = await serve({ hideSTARTTLS: true, disabledCommands: ['STARTTLS'], allowInsecureAuth: true });
    const report = await tryMail({ mode: 'relay', host: 'localhost', port, user: 'shop', password: PASSWORD });
    expect(said(report)).toContain('does not offer STARTTLS');
    expect(report.log?.join('\n')).not.toContain('AUTH PLAIN');
  });

  test('TLS to a port that has none', async () => {
    const port = await serve({});
    expect(said(await tryMail({ mode: 'relay', host: 'localhost', port, security: 'tls' }))).toContain('does not speak TLS');
  });

  test.each(['starttls', 'tls'] as const)('a certificate for another name, and one of nobody that is trusted (%s)', async (security) => {
    const other = await serve({ ...pair['mail.example.org'], secure: security === 'tls' });
    const mismatch = await tryMail({ mode: 'relay', host: 'localhost', port: other, security });
    expect(said(mismatch)).toBe('error: The certificate of the server is not for the name localhost.');
    expect(mismatch.findings[0]?.remedy?.en).toContain('mail.example.org');
    const untrusted = await serve({ ...pair['untrusted'], secure: security === 'tls' });
    expect(said(await tryMail({ mode: 'relay', host: 'localhost', port: untrusted, security }))).toContain('not from an authority');
  });

  test('a log-in that is refused; the server that says the password back does not get it into the log', async () => {
    const port = await serve({});
    const report = await tryMail({ mode: 'relay', host: 'localhost', port, user: 'other', password: PASSWORD });
    expect(said(report)).toContain('error: localhost refuses the log-in as other: 535');
    expectNoSecret(report);
  });

  test('a log-in that is not offered', async () => {
    const port = await serve({ disabledCommands: ['AUTH'] });
    const report = await tryMail({ mode: 'relay', host: 'localhost', port, user: 'shop', password: PASSWORD });
    expect(said(report)).toContain('takes no log-in on this connection');
  });

  test.each([
    [
      'relaying denied',
      { onRcptTo: (_a, _s, done) => done(refusing(554, '5.7.1 Relay access denied')) },
      'does not pass mail on to someone@',
    ],
    ['an unknown recipient', { onRcptTo: (_a, _s, done) => done(refusing(550, '5.1.1 User unknown')) }, 'does not know the recipient'],
    ['greylisting', { onRcptTo: (_a, _s, done) => done(refusing(451, '4.7.1 Greylisted')) }, 'warning: localhost asks to come back later'],
    [
      'a sender',
      { onMailFrom: (_a, _s, done) => done(refusing(553, '5.7.1 Sender rejected')) },
      'does not take mail from shop@example.org',
    ],
    ['a missing log-in', { onMailFrom: (_a, _s, done) => done(refusing(530, '5.7.0 Log in first')) }, 'wants a log-in first'],
    [
      'a message',
      { onData: (stream, _s, done) => stream.resume().on('end', () => done(refusing(554, '5.6.0 Junk'))) },
      'does not take the message: 554 5.6.0 Junk',
    ],
  ] satisfies [string, SMTPServerOptions, string][])('%s that is refused', async (_what, options, words) => {
    const report = await tryMail({ mode: 'relay', host: 'localhost', port: await serve(options) });
    expect(said(report)).toContain(words);
    for (const { message, remedy } of report.findings)
      for (const texts of [message, remedy])
        expect([texts?.en, texts?.ja, texts?.ru].every((text) => text && !text.includes('{'))).toBe(true);
  });
});

function expectNoSecret(report: CheckReport): void {
  const text = JSON.stringify(report);
  for (const form of [PASSWORD, 'geheim', Buffer.from(PASSWORD).toString('base64'), Buffer.from(`\0shop\0${PASSWORD}`).toString('base64')])
    expect(text).not.toContain(form);
}

async function shutPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
