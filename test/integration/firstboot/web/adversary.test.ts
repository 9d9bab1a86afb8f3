/** What a stranger, or another page, tries against the setup page. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect as connectPlain } from 'node:net';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';

import { LIMITS } from '../../../../firstboot/web/servers.ts';
import { every } from '../every-language.ts';
import { EVERY_CONTROL } from './every-control.ts';
import { fieldsOf, type Lab, type LabOptions, openLab, unescapeHtml, Visitor } from './lab.ts';

const opened: Lab[] = [];
afterEach(async () => {
  for (const lab of opened.splice(0)) await lab.close();
});

async function open(options: LabOptions = {}): Promise<Lab> {
  const lab = await openLab(options);
  opened.push(lab);
  return lab;
}

async function claimed(options: LabOptions = {}): Promise<{ lab: Lab; visitor: Visitor }> {
  const lab = await open(options);
  const visitor = new Visitor(lab);
  expect((await visitor.claim()).status).toBe(303);
  return { lab, visitor };
}

const tokenIn = (html: string): string => unescapeHtml(/name="token" value="([^"]*)"/.exec(html)?.[1] ?? '');

/** Every page and action of the owner. */
const OWNERS: readonly [string, string][] = [
  ['GET', '/'],
  ['GET', '/sections'],
  ['GET', '/section/administrator'],
  ['GET', '/review'],
  ['GET', '/progress'],
  ['GET', '/progress/events'],
  ['GET', '/result'],
  ['GET', '/result/authority'],
  ['POST', '/section/administrator'],
  ['POST', '/apply'],
  ['POST', '/confirm'],
];

describe('without a session', () => {
  it.each(OWNERS)('%s %s is shut, before and after the claim', async (method, path) => {
    const lab = await open();
    const stranger = new Visitor(lab);
    const knock = () => (method === 'GET' ? stranger.ask(path) : stranger.post(path, [['act', 'save']]));
    for (const isClaimed of [false, true]) {
      lab.helper.claimed = isClaimed;
      lab.app.site.statuses.forget();
      const answer = await knock();
      expect(answer.status).toBe(method === 'GET' ? 303 : 403);
      expect(answer.headers.location).toBe(method === 'GET' ? '/claim' : undefined);
    }
    expect(lab.helper.calls.map(({ action }) => action).filter((action) => action !== 'status')).toEqual([]);
  });

  it('shows health to anybody, and nothing more than that', async () => {
    const lab = await open({ productSchema: EVERY_CONTROL });
    const answer = await new Visitor(lab).ask('/.well-known/unit-health');
    expect(JSON.parse(answer.body)).toEqual({ state: 'waiting', image: 'hello', version: '1.2.3' });
  });

  it('tells nobody which pages there are', async () => {
    const lab = await open();
    const stranger = new Visitor(lab);
    for (const path of ['/nothing', '/section/none', '/section/..%2f..%2fetc', '/look/../../etc/passwd', '/%2e%2e/%2e%2e/etc/passwd']) {
      expect((await stranger.ask(path)).headers.location).toBe('/claim');
    }
  });

  it.each(['DELETE', 'PUT', 'PATCH', 'OPTIONS', 'TRACE'])('does not know %s', async (method) => {
    const lab = await open();
    expect((await new Visitor(lab).ask('/claim', { method })).status).toBeGreaterThanOrEqual(400);
  });
});

describe('the code', () => {
  it('is slowed down by the helper, and the page says for how long', async () => {
    const lab = await open();
    const thief = new Visitor(lab);
    const answers = [];
    for (let count = 0; count < 5; count += 1) answers.push(await thief.claim('AAAA-AAAA-AAAA'));
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 429, 429, 429]);
    expect(answers.at(-1)?.headers['retry-after']).toBe('2');
    expect(answers.at(-1)?.body).toContain('Wait 2 seconds');
    // The right one does not help while the address has to wait, either.
    expect((await thief.claim()).status).toBe(429);
    expect(thief.cookies.size).toBe(0);
    lab.helper.now += 60;
    expect((await thief.claim()).status).toBe(303);
  });

  it('goes to the helper with the address of the caller, whatever headers say', async () => {
    const lab = await open();
    await new Visitor(lab).post('/claim', [['code', 'wrong']], {
      headers: { 'x-forwarded-for': '203.0.113.9', forwarded: 'for=203.0.113.9' },
    });
    expect(lab.helper.calls.at(-1)).toEqual({ action: 'claim', parameters: { code: 'wrong', from: '127.0.0.1' } });
  });

  it('is not asked of the helper where it is no code', async () => {
    const lab = await open();
    const visitor = new Visitor(lab);
    for (const code of ['', ' ', 'A'.repeat(65)]) expect((await visitor.claim(code)).status).toBe(403);
    expect((await visitor.post('/claim', [])).status).toBe(403);
    expect(lab.helper.calls.some(({ action }) => action === 'claim')).toBe(false);
  });

  it('takes over from another browser, and ends its session', async () => {
    const { lab, visitor } = await claimed();
    const other = new Visitor(lab);
    const { body } = await other.ask('/claim');
    expect(body).toContain('from another browser');
    expect(body).toContain('New code');
    expect((await other.claim()).status).toBe(303);
    expect((await other.ask('/review')).status).toBe(200);
    expect((await visitor.ask('/review')).headers.location).toBe('/claim');
  });

  it('of two browsers at once lets exactly one have the session', async () => {
    const lab = await open();
    const both = [new Visitor(lab), new Visitor(lab)];
    await Promise.all(both.map((visitor) => visitor.claim()));
    const pages = await Promise.all(both.map((visitor) => visitor.ask('/review')));
    expect(pages.map(({ status }) => status).sort()).toEqual([200, 303]);
  });

  it('is worth nothing once the unit is ready, and neither is a cookie once it is confirmed', async () => {
    const { lab, visitor } = await claimed();
    const review = await visitor.open('/review');
    await visitor.post('/apply', [['token', tokenIn(review.body)]]);
    lab.helper.finish();
    lab.app.site.statuses.forget();
    visitor.port = lab.later;
    const thief = new Visitor(lab);
    thief.port = lab.later;
    expect((await thief.claim()).status).toBe(403);
    expect(thief.cookies.size).toBe(0);
    const stolen = new Map(visitor.cookies);
    const result = await visitor.open('/result');
    expect(result.body).toContain('The unit is ready');
    expect((await visitor.post('/confirm', [['token', tokenIn(result.body)]])).body).toContain('Setup is finished');
    for (const [name, value] of stolen) thief.cookies.set(name, value);
    expect((await thief.ask('/result')).headers.location).toBe('/claim');
    expect(existsSync(join(lab.folder, 'session'))).toBe(false);
  });
});

describe('the session', () => {
  it('is a cookie that no script, other site or plain connection gets', async () => {
    const lab = await open();
    const [line = ''] = (await new Visitor(lab).claim()).headers['set-cookie'] ?? [];
    expect(line).toMatch(/^__Host-unit=[A-Za-z0-9_-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict$/);
  });

  it('is on disk as a hash alone, and outlives the process', async () => {
    const { lab, visitor } = await claimed();
    const token = visitor.cookies.get('__Host-unit') ?? '';
    const written = readdirSync(lab.folder)
      .filter((name) => name !== 'helper.sock')
      .map((name) => readFileSync(join(lab.folder, name), 'utf8'));
    expect(written).toEqual([createHash('sha256').update(token).digest('hex')]);
    await lab.restart();
    expect((await visitor.ask('/review')).status).toBe(200);
  });

  it.each([
    ['nothing', () => ''],
    ['another token', () => 'A'.repeat(43)],
    ['the hash', (token: string) => createHash('sha256').update(token).digest('hex')],
    ['half of it', (token: string) => token.slice(0, 21)],
    ['more than it', (token: string) => `${token}A`],
    ['the token with one letter changed', (token: string) => (token.startsWith('A') ? 'B' : 'A') + token.slice(1)],
  ])('is not opened by %s', async (_, forge) => {
    const { lab, visitor } = await claimed();
    const forger = new Visitor(lab);
    forger.cookies.set('__Host-unit', forge(visitor.cookies.get('__Host-unit') ?? ''));
    expect((await forger.ask('/review')).headers.location).toBe('/claim');
  });

  it('ends where the helper says that nobody has claimed the unit', async () => {
    const { lab, visitor } = await claimed();
    lab.helper.claimed = false;
    lab.app.site.statuses.forget();
    expect((await visitor.ask('/review')).headers.location).toBe('/claim');
  });

  it.each([
    ['without a token', undefined],
    ['with an empty one', ''],
    ['with another one', 'A'.repeat(43)],
  ])('does not do what a form %s asks for', async (_, token) => {
    const { lab, visitor } = await claimed();
    const fields: [string, string][] = [
      ...(token === undefined ? [] : [['token', token] as [string, string]]),
      ['shown', '/login'],
      ['/login', 'eve'],
    ];
    for (const path of ['/section/administrator', '/apply', '/confirm']) expect((await visitor.post(path, fields)).status).toBe(403);
    expect(lab.helper.wizard).toEqual({});
    expect(lab.helper.state).toBe('waiting');
  });

  it('has form tokens that are worth nothing in the next session', async () => {
    const { visitor } = await claimed();
    const old = tokenIn((await visitor.open('/review')).body);
    await visitor.claim();
    expect((await visitor.post('/apply', [['token', old]])).status).toBe(403);
  });

  it.each([
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'https://evil.example' },
    { origin: 'http://127.0.0.1' },
  ])('takes no form from elsewhere: %o', async (headers) => {
    const { lab, visitor } = await claimed();
    const token = tokenIn((await visitor.open('/review')).body);
    expect((await visitor.post('/apply', [['token', token]], { headers })).status).toBe(403);
    expect((await visitor.post('/claim', [['code', lab.helper.unit.code]], { headers })).status).toBe(403);
    expect(lab.helper.state).toBe('waiting');
  });
});

describe('the request', () => {
  it.each([
    'evil.example',
    'hello-unit.evil.example',
    '127.0.0.1.evil.example',
    '127.0.0.1@evil.example',
    'evil.example:443',
    '[::1',
    'a b',
    '0x7f000001',
    '127.1',
  ])('is not answered for the host "%s"', async (host) => {
    const lab = await open();
    const visitor = new Visitor(lab);
    for (const path of ['/claim', '/.well-known/unit-health', '/setup.js']) {
      const answer = await visitor.ask(path, { headers: { host } });
      expect([400, 421]).toContain(answer.status);
      expect(answer.body).not.toContain('AB:CD:EF');
    }
    const plain = await visitor.ask('/', { headers: { host }, port: lab.http, plain: true });
    expect([400, 421]).toContain(plain.status);
    expect(plain.headers.location).toBeUndefined();
  });

  it('is answered for any address, localhost, and the names that the unit has', async () => {
    const lab = await open({ outside: [{ source: 'ovf-environment', answers: { domain: { name: 'shop.example.org' } } }] });
    const visitor = new Visitor(lab);
    for (const host of [
      '198.51.100.7',
      '198.51.100.7:8443',
      '[2001:db8::1]:443',
      'localhost',
      'LOCALHOST:443',
      'hello-unit',
      'shop.example.org',
      'shop.example.org.',
    ])
      expect((await visitor.ask('/claim', { headers: { host } })).status).toBe(200);
  });

  it('by plain HTTP is led to the same host, and nowhere else', async () => {
    const lab = await open();
    const visitor = new Visitor(lab);
    const at = async (path: string, host = `127.0.0.1:${lab.http}`) =>
      (await visitor.ask(path, { headers: { host }, port: lab.http, plain: true })).headers.location;
    expect(await at('/review?x=1')).toBe(`https://127.0.0.1:${lab.https}/review?x=1`);
    expect(await at('/', '[2001:db8::1]')).toBe(`https://[2001:db8::1]:${lab.https}/`);
    expect(await at('//evil.example/')).toBe(`https://127.0.0.1:${lab.https}/`);
    expect(await at('/\\evil.example')).toBe(`https://127.0.0.1:${lab.https}/`);
    expect(await at('http://evil.example/')).toBe(`https://127.0.0.1:${lab.https}/`);
    const posted = await visitor.ask('/claim', { method: 'POST', port: lab.http, plain: true, headers: { host: '127.0.0.1' } });
    expect(posted.status).toBe(405);
  });

  it('has the headers that keep browsers strict, whatever the answer', async () => {
    const { visitor } = await claimed();
    for (const path of ['/claim', '/review', '/nothing', '/setup.js', '/look/colours.css', '/look/logo', '/.well-known/unit-health']) {
      const { headers } = await visitor.ask(path);
      expect(headers['content-security-policy']).toMatch(
        /^default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/,
      );
      expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' });
      expect(headers['strict-transport-security']).toBeUndefined();
      expect(headers['server']).toBeUndefined();
    }
  });

  it.each([
    ['a claim of 5 kB', '/claim', 5000, {}],
    ['a claim that does not say how long it is', '/claim', 5000, { 'transfer-encoding': 'chunked' }],
    ['a section of 3 MB', '/section/product', 3_000_000, {}],
  ])('is refused: %s', async (_, path, size, headers) => {
    const { visitor } = await claimed({ productSchema: EVERY_CONTROL });
    const body = `code=${'A'.repeat(size)}`;
    const length: Record<string, string> = 'transfer-encoding' in headers ? {} : { 'content-length': String(body.length) };
    const answer = await visitor
      .ask(path, { method: 'POST', body, headers: { 'content-type': 'application/x-www-form-urlencoded', ...length, ...headers } })
      .catch((error: NodeJS.ErrnoException) => error.code);
    // The connection may be gone before the client has sent all of it.
    if (typeof answer === 'object') expect(answer.status).toBe(413);
    else expect(['EPIPE', 'ECONNRESET']).toContain(answer);
  });

  it('is refused where it is no form, or a broken one', async () => {
    const lab = await open();
    const visitor = new Visitor(lab);
    const types = { 'application/json': 415, 'text/plain': 415, 'multipart/form-data': 400, 'multipart/form-data; boundary=x': 400 };
    for (const [type, status] of Object.entries(types)) {
      const answer = await visitor.ask('/claim', {
        method: 'POST',
        body: '{"code":"x"}',
        headers: { 'content-type': type, 'content-length': '12' },
      });
      expect([type, answer.status]).toEqual([type, status]);
    }
    expect(lab.log).toEqual([]);
  });

  it('ends where its headers or its body are too slow, and costs others nothing', async () => {
    const lab = await open({ limits: { ...LIMITS, headers: 0.5, request: 1 } });
    const slowHeaders = await slow(lab, 'GET /claim HTTP/1.1\r\nHost: 127.0.0.1\r\n');
    const slowBody = await slow(
      lab,
      'POST /claim HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 40\r\n\r\ncode=',
    );
    const noHandshake = await new Promise<boolean>((resolve) => {
      const socket = connectPlain(lab.https, '127.0.0.1');
      socket.on('close', () => resolve(true));
      socket.on('error', () => undefined);
      socket.on('data', () => undefined);
    });
    expect((await new Visitor(lab).ask('/claim')).status).toBe(200);
    expect([await slowHeaders.ended, await slowBody.ended, noHandshake]).toEqual([408, 408, true]);
  });

  it('of one address that opens many connections leaves room for others', async () => {
    const lab = await open({ limits: { ...LIMITS, perAddress: 4 } });
    const held = await Promise.all(Array.from({ length: 4 }, () => slow(lab, 'GET /claim HTTP/1.1\r\n')));
    await expect(new Visitor(lab).ask('/claim')).rejects.toThrow();
    for (const { socket } of held) socket.destroy();
    await Promise.all(held.map(({ ended }) => ended));
    await expect
      .poll(() =>
        new Visitor(lab).ask('/claim').then(
          ({ status }) => status,
          () => 0,
        ),
      )
      .toBe(200);
  });

  it('with a header that is too long is refused', async () => {
    const lab = await open();
    expect((await new Visitor(lab).ask('/claim', { headers: { 'x-long': 'A'.repeat(20_000) } })).status).toBe(431);
  });
});

/** A connection that says only this. */
async function slow(lab: Lab, text: string): Promise<{ socket: TLSSocket; ended: Promise<number> }> {
  const socket = connect({ port: lab.https, host: '127.0.0.1', rejectUnauthorized: false });
  let answer = '';
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString();
  });
  socket.on('error', () => undefined);
  const ended = new Promise<number>((resolve) => socket.on('close', () => resolve(Number(/^HTTP\/1.1 (\d+)/.exec(answer)?.[1] ?? 0))));
  await new Promise((resolve) => socket.once('secureConnect', resolve));
  socket.write(text);
  return { socket, ended };
}

describe('what is typed', () => {
  /** Text that would become something else in HTML, attributes, scripts, templates, URLs, headers or paths. */
  const NASTY = [
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    '{{constructor.constructor "return process"}}',
    '{{{t "claim.heading"}}}',
    '${7*7}',
    '</textarea><script>alert(1)</script>',
    '&lt;b&gt;&#x27;',
    'javascript:alert(1)',
    '../../../etc/passwd',
    'a\u0000b',
    '\u202Egnp.exe',
    '100 % "quoted" — Сфера 東京 😀',
  ];

  it.each([0, 4, 8])('comes back as it was, and as nothing else (from text %i on)', async (first) => {
    const { lab, visitor } = await claimed({ productSchema: EVERY_CONTROL });
    const names =
      '/name /email /code /workers /ratio /hosts /welcome /backup/folder /people/0/login /storage|0/path /notifyAddress /labels'.split(' ');
    const texts = Object.fromEntries(names.map((name, index) => [name, NASTY[(first + index) % NASTY.length] ?? '']));
    const answer = await visitor.submit('/section/product', { ...texts, '/storage/kind': 'local' });
    expect(answer.status).toBe(422);
    const again = await visitor.open('/section/product');
    for (const { body } of [answer, again]) {
      const shown = fieldsOf(body);
      for (const name of names) expect([name, shown[name]]).toEqual([name, [texts[name]]]);
      expectHarmless(body);
    }
    const { '/name': name, '/welcome': welcome, '/people/0/login': login } = texts;
    expect(lab.helper.wizard).toMatchObject({ product: { name, welcome, people: [{ login }] } });
    expectHarmless((await visitor.open('/review')).body);
  });

  it.each([NASTY.join(' '), 'javascript:alert(1)'])('from outside sources, the vendor and the helper is only text: %s', async (text) => {
    const { lab, visitor } = await claimed({
      productSchema: {
        ...EVERY_CONTROL,
        properties: { name: { type: 'string', 'x-titles': { en: text }, 'x-help': { en: text } } },
        required: [],
      },
      outside: [{ source: 'ovf-environment', answers: { product: { name: text } } }],
      status: {
        title: { en: text },
        version: text,
        fingerprint: text,
        look: { logo: text, support: text, privacy: text, colours: { primary: text, accent: text } },
      },
      checks: {
        'domain.records': () => ({
          findings: [{ severity: 'error', message: every(text), remedy: every(text) }],
          table: { columns: [every(text)], rows: [[text, every(text)]] },
          log: [text],
        }),
      },
      planError: text,
      result: {
        urls: [text],
        fingerprint: text,
        credentials: [{ title: { en: text }, value: text }],
        authority: text,
        warnings: [every(text)],
        nextSteps: [{ text: { en: text }, link: text }],
      },
    });
    for (const path of ['/claim', '/section/product', '/review']) expectHarmless((await visitor.open(path)).body);
    expectHarmless((await visitor.submit('/section/domain', {}, 'check:records')).body);
    expect((await visitor.ask('/look/colours.css')).body).toMatch(/^:root\{(--[a-z-]+:#[0-9a-f]{6};?){4}\}\n$/);
    expect((await visitor.ask('/look/logo')).status).toBe(404);
    lab.helper.emit({ type: 'plan', steps: [{ id: 'one', title: { en: text } }] });
    lab.helper.emit({ type: 'step-started', step: 'one', title: { en: text }, index: 1, count: 1 });
    lab.helper.emit({ type: 'step-failed', step: 'one', reason: text, texts: every(text), log: [text], seconds: 1 });
    lab.helper.emit({ type: 'state', state: 'failed' });
    lab.app.site.statuses.forget();
    visitor.port = lab.later;
    const failed = await visitor.open('/progress');
    expect(failed.body).toContain('A step failed');
    expectHarmless(failed.body);
    lab.helper.emit({ type: 'state', state: 'ready' });
    lab.app.site.statuses.forget();
    const result = await visitor.open('/result');
    expect(result.body).toContain('The unit is ready');
    expectHarmless(result.body);
    const file = await visitor.ask('/result/authority');
    // A file to save, not a page: whatever it holds.
    expect(file.headers['content-disposition']).toBe('attachment; filename="hello-ca.pem"');
    expect(file.headers['content-type']).toMatch(/^application\/x-pem-file/);
    expect(file.headers['x-content-type-options']).toBe('nosniff');
  });

  it('does not change what the image has fixed', async () => {
    const { lab, visitor } = await claimed({ setup: { administrator: { login: 'keeper' } } });
    const page = (await visitor.open('/section/administrator')).body;
    expect(page).toContain('<code>keeper</code>');
    expect(fieldsOf(page)['/login']).toBeUndefined();
    await visitor.submit('/section/administrator', { '/login': 'mallory', shown: ['/login'] });
    expect(JSON.stringify(lab.helper.wizard)).not.toContain('mallory');
  });

  it('of two browsers at once starts one run', async () => {
    const { lab, visitor } = await claimed();
    const token = tokenIn((await visitor.open('/review')).body);
    const answers = await Promise.all([1, 2, 3, 4].map(() => visitor.post('/apply', [['token', token]]).catch(() => undefined)));
    const answered = answers.filter((answer) => answer !== undefined);
    expect(answered.length).toBeGreaterThan(0);
    for (const { status } of answered) expect(status).toBe(200);
    expect(lab.helper.runs).toBe(1);
  });

  /** Tags, attributes and links are those of the templates. */
  function expectHarmless(html: string): void {
    expect(html.match(/<script[^>]*>/g) ?? []).toEqual(['<script src="/setup.js" defer>']);
    expect(html).not.toMatch(/<img(?! src="\/look\/logo")/);
    const inTags = [...html.matchAll(/<[a-z][^>]*>/gi)].map(([tag]) => tag.replace(/"[^"]*"/g, '""'));
    for (const tag of inTags) expect(tag).not.toMatch(/\son\w+\s*=|<.*<|'/);
    expect(html).not.toMatch(/href="(?!\/|#|https:\/\/127\.0\.0\.1|data:,")/);
  }

  it('as a name of a file or a part does not become a path', async () => {
    const { lab, visitor } = await claimed({ productSchema: EVERY_CONTROL });
    const token = tokenIn((await visitor.open('/section/product')).body);
    const answer = await visitor.postMultipart('/section/product', [
      { name: 'token', value: token },
      { name: 'shown', value: '/logo' },
      { name: '/logo', value: 'picture', file: '../../../../tmp/evil.png' },
      { name: '../../evil', value: 'x', file: '/etc/passwd' },
      { name: '__proto__', value: 'x' },
      { name: 'constructor', value: 'x' },
    ]);
    expect(answer.status).toBe(422);
    expect(lab.helper.wizard).toEqual({ product: { logo: Buffer.from('picture').toString('base64') } });
    expect(readdirSync(lab.folder).sort()).toEqual(['helper.sock', 'session']);
  });

  it('as settings that are not there is not taken', async () => {
    const { lab, visitor } = await claimed();
    const token = tokenIn((await visitor.open('/review')).body);
    const post = (path: string) =>
      visitor.post(path, [
        ['token', token],
        ...['/login', '/__proto__/polluted', '/unknown', '/constructor/prototype/polluted'].flatMap((name): [string, string][] => [
          ['shown', name],
          [name, 'eve'],
        ]),
        ['clear', '../../x'],
      ]);
    await post('/section/administrator');
    expect(lab.helper.wizard).toEqual({ administrator: { login: 'eve' } });
    for (const name of ['unattended', 'schemaVersion', '__proto__', 'constructor', 'toString'])
      expect((await post(`/section/${name}`)).status).toBe(404);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('secrets', () => {
  it('never come back, right or wrong, and are kept until they are replaced or removed', async () => {
    const { lab, visitor } = await claimed({ productSchema: EVERY_CONTROL });
    const secret = 'Pa55-"<word>&-long';
    const first = await visitor.submit('/section/product', { '/pin': secret, '/token': 'short' });
    expect(first.status).toBe(422);
    const pages = [first, await visitor.open('/section/product'), await visitor.open('/review')];
    for (const { body } of pages) expect(unescapeHtml(body)).not.toMatch(/Pa55|"short"/);
    expect(pages[1]?.body).toContain('A value is kept');
    expect(lab.helper.wizard).toMatchObject({ product: { pin: secret, token: 'short' } });
    await visitor.submit('/section/product', { '/name': 'Shop' });
    expect(lab.helper.wizard).toMatchObject({ product: { pin: secret, token: 'short', name: 'Shop' } });
    await visitor.submit('/section/product', { clear: ['/token'] });
    expect(lab.helper.wizard).toMatchObject({ product: { pin: secret } });
    expect(lab.helper.wizard['product'] as object).not.toHaveProperty('token');
    expect(lab.log).toEqual([]);
  });
});

describe('a network try', () => {
  const TOKEN = 'T'.repeat(43);
  const checks = {
    'network.try': () => ({ findings: [], data: { handoverUrl: `https://192.0.2.20/handover?token=${TOKEN}` } }),
    'network.confirm': ({ token }: Record<string, unknown>) => ({ findings: [], data: { confirmed: token === TOKEN } }),
  };

  it('goes on at the new address by its one-time link, and ends the session at the old one', async () => {
    const { lab, visitor } = await claimed({ checks });
    expect((await visitor.submit('/section/network', {}, 'check:try')).body).toContain('<a href="https://192.0.2.20/handover');
    expect(lab.helper.calls.at(-1)?.parameters).toEqual({ section: 'network', check: 'try', parameters: { port: lab.https } });
    const there = new Visitor(lab);
    expect((await there.ask(`/handover?token=${TOKEN}`)).headers.location).toBe('/section/network');
    expect((await there.ask('/review')).status).toBe(200);
    expect((await visitor.ask('/review')).headers.location).toBe('/claim');
  });

  it.each(['', '?token=', `?token=${'A'.repeat(43)}`, `?token=${TOKEN}&token=${TOKEN}`, `?token=${TOKEN}A`])(
    'lets nobody in by /handover%s',
    async (query) => {
      const { lab } = await claimed({ checks });
      const stranger = new Visitor(lab);
      expect((await stranger.ask(`/handover${query}`)).status).toBe(403);
      expect(stranger.cookies.size).toBe(0);
    },
  );
});

describe('the logo', () => {
  const SVG = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>';

  it('is served from look/ alone, and can run nothing', async () => {
    const lab = await open({ status: { look: { logo: 'look/logo.svg' } } });
    mkdirSync(join(lab.folder, 'look'));
    writeFileSync(join(lab.folder, 'look', 'logo.svg'), SVG);
    const answer = await new Visitor(lab).ask('/look/logo');
    expect(answer.body).toBe(SVG);
    expect(answer.headers['content-type']).toBe('image/svg+xml');
    expect(answer.headers['content-security-policy']).toContain('sandbox');
  });

  it.each(['look/../session', 'look/../../secret.svg', '/etc/logo.svg', 'secret.svg', 'look/logo.html', 'look/none.svg', 'look'])(
    'is not %s',
    async (logo) => {
      const lab = await open({ status: { look: { logo } } });
      writeFileSync(join(lab.folder, 'secret.svg'), SVG);
      mkdirSync(join(lab.folder, 'look'));
      symlinkSync('/etc/passwd', join(lab.folder, 'look', 'logo.html'));
      expect((await new Visitor(lab).ask('/look/logo')).status).toBe(404);
    },
  );
});
