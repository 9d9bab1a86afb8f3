/** The leader's server in this process, with followers, strangers, and who breaks off. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { sha256 } from '../../../../firstboot/cluster/hash.ts';
import { ClusterApp } from '../../../../firstboot/cluster/server/app.ts';
import { CLUSTER_LIMITS, clusterServer } from '../../../../firstboot/cluster/server/server.ts';
import { Store, Taken } from '../../../../firstboot/cluster/server/store.ts';

const HOUR = 3_600_000;
const INVITE = '0123456789abcdef';
const SECRET = 'a'.repeat(64);
const KEY = 'b'.repeat(64);
const OTHER = 'c'.repeat(64);

interface Answer {
  code: number;
  text: string;
  headers: NodeJS.Dict<string | string[]>;
}

describe("the leader's server", () => {
  let folder = '';
  let store: Store;
  let server: Server;
  let log: string[];

  const at = (path: string): string => join(folder, path);
  const port = (): number => (server.address() as AddressInfo).port;
  const invite = (expires: number, id = INVITE): void =>
    writeFileSync(at(`invites/${id}.json`), JSON.stringify({ role: 'core', secret: sha256(SECRET), expires }));
  const publish = (text: string): void => writeFileSync(at('published/core.json'), text);
  const joining = (key = KEY) => ({ invite: INVITE, secret: SECRET, key, name: 'core-1' });
  const ask = (method: string, path: string, options: { key?: string; body?: object } = {}): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const headers = options.key === undefined ? {} : { authorization: `Bearer ${options.key}` };
      const sent = request({ port: port(), method, path, headers }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        response.on('end', () => resolve({ code: response.statusCode ?? 0, text, headers: response.headers }));
      });
      sent.once('error', reject);
      sent.end(options.body === undefined ? undefined : JSON.stringify(options.body));
    });
  const follower = async (): Promise<{ id: string; key: string }> => {
    invite(Date.now() + HOUR);
    const { id } = (await store.join(joining(), Date.now())) ?? { id: '' };
    return { id, key: `${id}.${KEY}` };
  };
  /** Until the server knows that somebody waits. */
  const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 100));

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'unit-cluster-server-'));
    for (const name of ['published', 'invites', 'revoked', 'state']) mkdirSync(at(name));
    writeFileSync(at('admin-key.sha256'), sha256('admin'));
    store = new Store({ folder, state: at('state') });
    await store.open();
    log = [];
    const app = new ClusterApp(store, (line) => log.push(line));
    app.watch();
    server = createServer(app.listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  describe('a join code', () => {
    it('is used by whoever comes first, and leaves one whole mark', async () => {
      invite(Date.now() + HOUR);
      const [one, two] = await Promise.all([store.join(joining(), Date.now()), store.join(joining(OTHER), Date.now())]);
      expect([one, two].filter((each) => each !== undefined)).toHaveLength(1);
      expect(readdirSync(at('state/used'))).toEqual([INVITE]);
      expect(JSON.parse(readFileSync(at(`state/used/${INVITE}`), 'utf8'))).toMatchObject({ role: 'core' });
    });

    it('answers its user again when it is over, and when it is not there any more', async () => {
      invite(Date.now() + HOUR);
      const first = await store.join(joining(), Date.now());
      expect(first).toMatchObject({ role: 'core' });
      expect(await store.join(joining(), Date.now() + 2 * HOUR)).toEqual(first);
      unlinkSync(at(`invites/${INVITE}.json`));
      expect(await store.join(joining(), Date.now())).toEqual(first);
      expect(await store.join(joining(OTHER), Date.now())).toBeUndefined();
    });

    it('answers its user whom power cut off before it was noted down', async () => {
      const { id } = await follower();
      unlinkSync(at(`state/followers/${id}.json`));
      expect(await store.join(joining(), Date.now() + 2 * HOUR)).toEqual({ id, role: 'core' });
      expect(await store.follower(id, KEY)).toMatchObject({ role: 'core', name: 'core-1' });
    });

    it('that is over is of no use to anybody else', async () => {
      invite(Date.now() - 1);
      expect(await store.join(joining(), Date.now())).toBeUndefined();
      expect(readdirSync(at('state/used'))).toEqual([]);
    });

    describe('of a unit that none of its role may be like', () => {
      const NEXT = 'fedcba9876543210';
      const first = { ...joining(), unique: { 'product.id': 'co1' } };
      const second = { ...joining(OTHER), invite: NEXT, unique: { 'product.id': 'co1' } };
      beforeEach(async () => {
        invite(Date.now() + HOUR);
        await store.join(first, Date.now());
        invite(Date.now() + HOUR, NEXT);
      });

      it('is refused while another is the same, and lets it in as another one', async () => {
        const refused = await ask('POST', '/v1/join', { body: second });
        expect(refused.code).toBe(409);
        expect(refused.text).toMatch(/its product\.id is co1, and so is that of [0-9a-f]{16} \(core-1\)/);
        expect(readdirSync(at('state/used'))).toEqual([INVITE]);
        expect((await ask('POST', '/v1/join', { body: { ...second, unique: { 'product.id': 'co2' } } })).code).toBe(200);
        // Whoever is in already may ask again, whatever it has become since.
        expect((await ask('POST', '/v1/join', { body: first })).code).toBe(200);
      });

      it('says nothing to whom has no good code', async () => {
        expect((await ask('POST', '/v1/join', { body: { ...second, secret: OTHER } })).code).toBe(401);
        expect((await ask('POST', '/v1/join', { body: { ...second, invite: '0'.repeat(16) } })).code).toBe(401);
      });

      it('counts what it has become since, and those that are cut off no more', async () => {
        const [{ id = '' } = {}] = readdirSync(at('state/followers')).map((name) => ({ id: name.slice(0, 16) }));
        const report = { hash: '0'.repeat(64), state: 'ready', message: '', unique: { 'product.id': 'co3' } };
        expect((await ask('POST', '/v1/report', { key: `${id}.${KEY}`, body: report })).code).toBe(204);
        const third = { ...second, unique: { 'product.id': 'co3' } };
        await expect(store.join(third, Date.now())).rejects.toThrow(Taken);
        writeFileSync(at(`revoked/${id}`), '');
        expect(await store.join(third, Date.now())).toMatchObject({ role: 'core' });
      });

      it('may be like one of another role', async () => {
        writeFileSync(at(`invites/${NEXT}.json`), JSON.stringify({ role: 'static', secret: sha256(SECRET), expires: Date.now() + HOUR }));
        expect(await store.join(second, Date.now())).toMatchObject({ role: 'static' });
      });
    });
  });

  it('lets a good key in while others are refused all the time, from the same address too', async () => {
    const { key } = await follower();
    publish('files');
    const refused = await Promise.all(Array.from({ length: 100 }, () => ask('POST', '/admin/notify?auth=wrong')));
    expect(new Set(refused.map(({ code }) => code))).toEqual(new Set([401, 429]));
    expect((await ask('GET', '/v1/files', { key })).code).toBe(200);
    expect((await ask('POST', '/admin/notify?auth=admin')).code).toBe(200);
    expect((await ask('GET', '/v1/files', { key: `${'0'.repeat(16)}.${KEY}` })).code).toBe(429);
  });

  it('gives nothing to a follower that was cut off while it waited', async () => {
    const { id, key } = await follower();
    publish('one');
    const waiting = ask('GET', `/v1/files?have=${sha256('one')}&wait=20`, { key });
    await settled();
    writeFileSync(at(`revoked/${id}`), '');
    publish('two');
    const { code, text } = await waiting;
    expect(code).toBe(401);
    expect(text).not.toContain('two');
  });

  it('tells of a call also those who were not waiting, once', async () => {
    const { key } = await follower();
    publish('files');
    const have = sha256('files');
    const first = await ask('GET', `/v1/files?have=${have}`, { key });
    expect(first.code).toBe(304);
    const call = String(first.headers['x-unit-call']);
    expect(JSON.parse((await ask('POST', '/admin/notify?auth=admin')).text)).toEqual({ followers: 1 });
    const called = await ask('GET', `/v1/files?have=${have}&call=${call}`, { key });
    expect([called.code, called.headers['x-unit-notified']]).toEqual([200, '1']);
    expect((await ask('GET', `/v1/files?have=${have}&call=${String(called.headers['x-unit-call'])}`, { key })).code).toBe(304);
    // One that does not know of calls hears of those that come while it waits.
    expect((await ask('GET', `/v1/files?have=${have}`, { key })).code).toBe(304);
    const waiting = ask('GET', `/v1/files?have=${have}&wait=20`, { key });
    await settled();
    await ask('POST', '/admin/notify?auth=admin');
    expect((await waiting).headers['x-unit-notified']).toBe('1');
  });

  it('does not count followers that are cut off', async () => {
    const { id } = await follower();
    expect(await store.count()).toBe(1);
    writeFileSync(at(`revoked/${id}`), '');
    expect(await store.count()).toBe(0);
  });

  it('answers what is no request, and fills no log with it', async () => {
    expect((await ask('GET', '//')).code).toBe(400);
    const socket = connect(port(), '127.0.0.1');
    socket.write('POST /v1/join HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{"a');
    await settled();
    socket.destroy();
    await settled();
    expect(log).toEqual([]);
  });
});

describe('its connections', () => {
  it('end where nobody says anything, and where one address has too many', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'unit-cluster-tls-'));
    const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-subj', '/CN=a'];
    execFileSync('openssl', ['req', '-x509', '-batch', ...curve, '-keyout', keyFile, '-out', certFile], { stdio: 'ignore' });
    const tls = { key: readFileSync(keyFile), cert: readFileSync(certFile) };
    const server = clusterServer(tls, () => undefined, { ...CLUSTER_LIMITS, headers: 1, perAddress: 2 });
    try {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const closed = Array.from(
        { length: 3 },
        () =>
          new Promise<number>((resolve) => {
            const began = performance.now();
            const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
            socket.on('error', () => undefined);
            socket.on('close', () => resolve(performance.now() - began));
          }),
      );
      const times = (await Promise.all(closed)).sort((a, b) => a - b);
      expect(times[0]).toBeLessThan(800);
      expect(times[2]).toBeGreaterThan(800);
      expect(CLUSTER_LIMITS.headers).toBe(10);
    } finally {
      server.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
