/** A follower's rounds, one by one, in this process: with a leader's server, on a unit in a folder. */
import { execFileSync } from 'node:child_process';
import { randomBytes, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { encodeJoinCode } from '../../../firstboot/cluster/code.ts';
import type { Followed } from '../../../firstboot/cluster/follower/followed.ts';
import { sha256 } from '../../../firstboot/cluster/hash.ts';
import { followers } from '../../../firstboot/cluster/leader/registry.ts';
import { ClusterApp } from '../../../firstboot/cluster/server/app.ts';
import { clusterServer } from '../../../firstboot/cluster/server/server.ts';
import { Store } from '../../../firstboot/cluster/server/store.ts';
import type { Unit } from '../../../firstboot/contract/unit.ts';
import type { Session } from '../../../firstboot/ctl/cli.ts';
import { followOnce, type Life, newLife } from '../../../firstboot/ctl/follow.ts';
import { System } from '../../../firstboot/kit/system.ts';
import { withRoles } from '../../../firstboot/settings/index.ts';
import { EMPTY_UNIT, FakeUnit } from './fake-unit.ts';
import { unitctl } from './in-process.ts';

const roles: Unit['roles'] = { register: { title: { en: 'Register' } }, core: { title: { en: 'Core' }, follows: 'register' } };
const UNIT: Unit = {
  ...EMPTY_UNIT,
  roles,
  services: { web: { ready: { unit: 'web.service' } } },
  steps: [
    {
      id: 'core-files',
      title: { en: 'Core' },
      roles: ['core'],
      use: 'variables',
      with: { from: '/usr/share/shop', to: '/var/shop/core', values: {}, own: { CORE_ID: '{{default settings.product.coreId "co1"}}' } },
    },
  ],
};
const SCHEMA = withRoles(
  {
    type: 'object',
    additionalProperties: false,
    properties: { coreId: { type: 'string', 'x-roles': ['core'], 'x-titles': { en: 'Core' } } },
  },
  roles,
);
const FILE = '/var/shop/core/a.conf';

/** A leader as its server sees it: files and folders, and the server itself. */
class FakeLeader {
  readonly folder = mkdtempSync(join(tmpdir(), 'unit-leader-'));
  readonly state = join(this.folder, 'var/lib/unit-cluster');
  readonly shown = join(this.folder, 'var/lib/unit/cluster');
  readonly #server: Server;
  readonly store: Store;

  readonly tls: { cert: string; key: string };

  constructor(tls: { cert: string; key: string }) {
    this.tls = tls;
    for (const name of ['published', 'invites', 'revoked']) mkdirSync(join(this.shown, name), { recursive: true });
    mkdirSync(this.state, { recursive: true });
    this.store = new Store({ folder: this.shown, state: this.state });
    this.#server = clusterServer(tls, new ClusterApp(this.store, () => undefined).listener);
  }

  async start(): Promise<void> {
    await this.store.open();
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
    rmSync(this.folder, { recursive: true, force: true });
  }

  code(): string {
    const [invite, secret, expires] = [randomBytes(8).toString('hex'), 'a'.repeat(64), Date.now() + 3_600_000];
    writeFileSync(join(this.shown, 'invites', `${invite}.json`), JSON.stringify({ role: 'core', secret: sha256(secret), expires }));
    const fingerprint = new X509Certificate(this.tls.cert).fingerprint256.replaceAll(':', '').toLowerCase();
    const { port } = this.#server.address() as AddressInfo;
    return encodeJoinCode({ addresses: ['127.0.0.1'], port, fingerprint, invite, secret, role: 'core', expires });
  }

  publish(text: string, image = 'shop'): void {
    const files = [{ path: 'a.conf', mode: 0o644, data: Buffer.from(text).toString('base64'), own: true }];
    const bundle = { schemaVersion: 1, image, role: 'core', trees: { '/var/shop/core': files } };
    writeFileSync(join(this.shown, 'published/core.json'), JSON.stringify(bundle));
  }

  /** What root sees of its follower. One that joined by another code, and went no further, has told nothing. */
  async heard(): Promise<{ state?: string; message?: string }> {
    const system = new System({ root: this.folder, path: '', signal: new AbortController().signal });
    const report = (await followers(system)).map((each) => each.report).find((each) => each !== undefined);
    return { ...(report && { state: report.state, message: report.message }) };
  }
}

describe('a follower', () => {
  const tls = { cert: '', key: '' };
  let leader: FakeLeader;
  let unit: FakeUnit;
  let session: Session;
  let life: Life;

  const followed = (): Followed => JSON.parse(unit.read('/var/lib/unit/followed.json')) as Followed;
  const round = (): Promise<void> => followOnce(session, life, 0);
  /** The probe fails where a file has such a word, or the unit is spoilt as a whole. */
  const spoil = (): void => unit.write('/var/shop/spoilt', 'BAD');
  const mend = (): void => rmSync(unit.at('/var/shop/spoilt'));
  const attempts = (): number => unit.read('/var/lib/unit/journal.jsonl').split('"type":"begin"').length - 1;
  const apply = async (code?: string): Promise<{ exitCode: number; stderr: string }> => {
    const answers = {
      schemaVersion: 1,
      cluster: { role: 'core', ...(code === undefined ? {} : { join: code }) },
      product: { coreId: 'co2' },
    };
    unit.write('/answers.json', JSON.stringify(answers));
    return unitctl(unit, ['apply', '--answers', unit.at('/answers.json')]);
  };

  beforeAll(() => {
    const folder = mkdtempSync(join(tmpdir(), 'unit-leader-tls-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-subj', '/CN=a'];
    execFileSync('openssl', ['req', '-x509', '-batch', ...curve, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    Object.assign(tls, { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') });
    rmSync(folder, { recursive: true });
  });

  beforeEach(async () => {
    leader = new FakeLeader(tls);
    await leader.start();
    leader.publish('id CORE_ID one');
    unit = new FakeUnit('', UNIT, { '/usr/lib/unit/settings.schema.json': JSON.stringify(SCHEMA) });
    const { uid, gid } = userInfo();
    unit.write('/etc/passwd', `${unit.read('/etc/passwd')}unit-cluster:x:${uid}:${gid}::/:/bin/sh\n`);
    const probe = { title: 'files are good', probe: { command: ['sh', '-c', `! grep -rqs BAD ${unit.at('/var/shop')}`] }, timeout: 1 };
    unit.write('/usr/lib/unit/unit.json', JSON.stringify({ ...UNIT, probes: { smoke: [probe] } }));
    const path = `${unit.at('/bin')}:${process.env['PATH'] ?? ''}`;
    const system = new System({ root: unit.root, path, signal: new AbortController().signal });
    session = { system, json: false, print: () => undefined, emit: () => undefined, ask: () => Promise.resolve(undefined), editor: '' };
    life = newLife();
    const joined = await apply(leader.code());
    expect(joined.stderr).toBe('');
    await round();
    expect(await leader.heard()).toEqual({ state: 'ready', message: '' });
  });
  afterEach(() => {
    leader.stop();
    rmSync(unit.root, { recursive: true, force: true });
  });

  it('fills in its own variables, and again where its settings change', async () => {
    expect(unit.read(FILE)).toBe('id co2 one');
    expect((await unitctl(unit, ['settings', 'set', 'product.coreId', 'co3'])).exitCode).toBe(0);
    expect(unit.read(FILE)).toBe('id co3 one');
    const before = attempts();
    leader.publish('id CORE_ID two');
    await round();
    expect([unit.read(FILE), attempts()]).toEqual(['id co3 two', before + 1]);
  });

  it('goes back, and tries the files again once its owner has mended something', async () => {
    leader.publish('BAD');
    await round();
    expect(unit.read(FILE)).toBe('id co2 one');
    expect(await leader.heard()).toMatchObject({ state: 'rolled-back' });
    const before = attempts();
    await round();
    expect(attempts()).toBe(before);
    expect((await unitctl(unit, ['apply'])).exitCode).toBe(0);
    await round();
    // Tried, turned down, put back.
    expect(attempts()).toBe(before + 3);
    leader.publish('good');
    await round();
    expect(await leader.heard()).toEqual({ state: 'ready', message: '' });
    expect(unit.read(FILE)).toBe('good');
  });

  it('says where the files before do not come up either, and tries less and less often', async () => {
    spoil();
    leader.publish('BAD');
    await round();
    expect(await leader.heard()).toMatchObject({ state: 'failed', message: expect.stringContaining('files are good') as string });
    const before = attempts();
    await round();
    await round();
    expect(attempts()).toBe(before);
    expect(life.due - Date.now()).toBeGreaterThan(50_000);
    life.due = 1;
    await round();
    expect(attempts()).toBe(before + 1);
    expect(life.due - Date.now()).toBeGreaterThan(110_000);
    mend();
    life.due = 1;
    await round();
    // Up again, with the files before: the newest are still turned down.
    expect(await leader.heard()).toMatchObject({ state: 'rolled-back' });
    await round();
    expect([unit.read(FILE), attempts()]).toEqual(['id co2 one', before + 2]);
  });

  it.each([
    ['the new files were tried', undefined],
    ['the way back was begun', 'they are bad'],
  ])('does not try files again after power was cut while %s', async (_, why) => {
    const [before, bad] = [
      unit.read('/var/lib/unit/bundle.json'),
      unit.read('/var/lib/unit/bundle.json').replace(/"data":"[^"]*"/, '"data":"QkFE"'),
    ];
    leader.publish('BAD');
    expect(readFileSync(join(leader.shown, 'published/core.json'), 'utf8')).toBe(bad);
    unit.write('/var/lib/unit/bundle.json', bad);
    unit.write('/var/lib/unit/bundle.previous.json', before);
    if (why !== undefined)
      unit.write('/var/lib/unit/followed.json', JSON.stringify({ ...followed(), rejected: sha256(bad), why, broken: why }));
    const begun = attempts();
    await round();
    expect(attempts()).toBe(begun + (why !== undefined ? 1 : 2));
    expect(existsSync(unit.at('/var/lib/unit/bundle.previous.json'))).toBe(false);
    expect(unit.read(FILE)).toBe('id co2 one');
    expect(await leader.heard()).toMatchObject({ state: 'rolled-back' });
    const after = attempts();
    await round();
    expect(attempts()).toBe(after);
  });

  it('turns down what is no bundle of its image, says so, and does not fetch it again', async () => {
    leader.publish('two', 'other');
    const before = attempts();
    await round();
    await round();
    expect(await leader.heard()).toEqual({ state: 'rolled-back', message: 'the leader is a unit of other, this one is of shop' });
    expect(attempts()).toBe(before);
    expect(followed().rejected).toBe(sha256(readFileSync(join(leader.shown, 'published/core.json'), 'utf8')));
    leader.publish('id CORE_ID one');
    await round();
    expect(await leader.heard()).toEqual({ state: 'ready', message: '' });
  });

  it('answers a call that came while it was not asking, and tries again what it turned down', async () => {
    leader.publish('BAD');
    await round();
    const before = attempts();
    await leader.store.call();
    await round();
    expect(attempts()).toBe(before + 2);
    await round();
    expect(attempts()).toBe(before + 2);
  });

  it('says when a service goes down, and when it is back', async () => {
    rmSync(unit.at('/run/fake/web.service'));
    await round();
    expect(await leader.heard()).toMatchObject({ state: 'ready' });
    await round();
    expect(await leader.heard()).toEqual({ state: 'failed', message: 'web is inactive' });
    expect((await unitctl(unit, ['apply'])).exitCode).toBe(0);
    await round();
    expect(await leader.heard()).toEqual({ state: 'ready', message: '' });
  });

  it('stays with its leader where another one has no files for it', async () => {
    const other = new FakeLeader(tls);
    try {
      await other.start();
      other.publish('two', 'other');
      const [before, key] = [unit.read('/var/lib/unit/leader.json'), unit.read('/var/lib/unit/secrets/cluster.key')];
      const refused = await apply(other.code());
      expect(refused.stderr).toContain('the leader is a unit of other');
      expect(unit.read('/var/lib/unit/leader.json')).toBe(before);
      expect(unit.read('/var/lib/unit/secrets/cluster.key')).toBe(key);
      other.publish('two');
      expect((await apply(other.code())).stderr).toBe('');
      expect(unit.read(FILE)).toBe('two');
      await round();
      expect(await other.heard()).toEqual({ state: 'ready', message: '' });
    } finally {
      other.stop();
    }
  });
});
