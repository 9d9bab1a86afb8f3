/** A Pryv.io platform from nothing: leader, second register, cores and static web, units of one image in containers with a network of their own. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Cleanup } from '../../builder/kit/cleanup.ts';
import { defaultCacheDir } from '../../builder/kit/paths.ts';
import { buildBundle } from '../helpers/cli-bundle.ts';
import { testContext } from '../helpers/context.ts';
import { type Lab, openLab } from '../helpers/nspawn/lab.ts';
import { whyNoContainers } from '../helpers/nspawn/needs.ts';
import { bakeTree } from '../helpers/nspawn/tree.ts';
import type { NspawnUnit } from '../helpers/nspawn/unit.ts';
import { note, PRYV_ADDRESSES, PRYV_DOMAIN, PRYV_IMAGE, PryvPlatform } from '../helpers/pryv-platform.ts';

const [DOMAIN, ADDRESSES] = [PRYV_DOMAIN, PRYV_ADDRESSES];
const TEMPLATES = '/usr/share/pryv/platform/config-leader/data';

const why = whyNoContainers();
if (why !== undefined) console.log(`no platform is formed: ${why}`);

describe.skipIf(why !== undefined)('a platform of units', () => {
  const cleanup = new Cleanup();
  const work = mkdtempSync(join(tmpdir(), 'pryv-platform-'));
  const { ctx } = testContext({ cacheDir: defaultCacheDir(process.env) });
  const tree = join(work, 'tree');
  let lab: Lab;
  let leader: NspawnUnit;
  let core: NspawnUnit;
  let web: NspawnUnit;
  let slave: NspawnUnit;
  let platform: PryvPlatform;
  let events: (...more: string[]) => Promise<string>;

  beforeAll(async () => {
    await buildBundle();
    await bakeTree(ctx, PRYV_IMAGE, tree);
    lab = await openLab(ctx, cleanup);
    leader = await lab.boot(tree, { name: 'leader', address: ADDRESSES.leader });
    core = await lab.boot(tree, { name: 'core', address: ADDRESSES.core });
    web = await lab.boot(tree, { name: 'static', address: ADDRESSES.static });
    slave = await lab.boot(tree, { name: 'reg-slave', address: ADDRESSES.slave });
    const okExitCodes = Array.from({ length: 100 }, (_, code) => code);
    platform = new PryvPlatform(ctx, leader, async (argv) => (await lab.run(argv, { okExitCodes })).stdout);
  }, 3_600_000);

  afterAll(async () => {
    expect(await cleanup.run()).toEqual([]);
  });

  it('the leader is set up first, and serves the domain', async () => {
    await platform.setUp(leader, 'reg-master');
    expect(await platform.resolved(DOMAIN, 'NS')).toEqual([`reg.${DOMAIN}`, `reg-slave.${DOMAIN}`]);
    expect(await platform.resolved(`co1.${DOMAIN}`, 'A')).toEqual([ADDRESSES.core]);
    expect(await leader.output(['systemctl', 'show', '--property=User', '--value', 'unit-cluster.service'])).toContain('unit-cluster');
    expect((await leader.run(['systemctl', 'is-active', 'postgresql@17-main.service'])).stdout.trim()).toBe('inactive');
  });

  it('the others join it by a code', async () => {
    await platform.joins(core, 'core');
    await platform.joins(web, 'static');
    await platform.joins(slave, 'reg-slave');
    await platform.until(() => platform.allReady(3));
    expect(await core.output(['stat', '--format=%a %G', '/var/pryv/core/core/conf/core.json'])).toContain('640 pryv');
    expect((await core.run(['ls', '/var/pryv'])).stdout.trim()).toBe('core');
    // The certificate's key is for nginx alone.
    const mounts = await core.output(['docker', 'inspect', '--format', '{{range .Mounts}}{{.Source}} {{end}}', 'pryv-core', 'pryv-nginx']);
    expect(mounts.trim().split(/\s+/).sort()).toEqual(['/run/postgresql', '/var/pryv/core/core/conf', '/var/pryv/core/nginx']);
  });

  it('together they are a platform: a user, registered and resolved, with data on the core', async () => {
    events = await platform.newUser('alice', ADDRESSES.core);
    expect(await platform.resolved(`alice.${DOMAIN}`, 'A')).toEqual([ADDRESSES.core]);
    await events(...note('first event'));
    expect(await events()).toContain('first event');
    expect(await platform.ask('sw', ADDRESSES.static, '/platform.json')).toContain('"Sample Lab"');
    expect(await platform.ask('reg', ADDRESSES.leader, '/service/info')).toContain('"Sample Lab"');
  });

  it('the second register has the names as the first gets them, over a port that it alone reaches', async () => {
    await platform.until(async () => (await platform.ask('reg-slave', ADDRESSES.slave, '/users/alice')).includes('"core":"co1"'));
    expect(await platform.ask('reg-slave', ADDRESSES.slave, '/health')).toContain('"replica":"up"');
    expect(await platform.resolved(`alice.${DOMAIN}`, 'A', ADDRESSES.slave)).toEqual([ADDRESSES.core]);
    expect(await platform.ask('reg-slave', ADDRESSES.slave, '/users/mallory?core=co1', '--request', 'POST')).toContain(
      `at https://reg.${DOMAIN}/`,
    );
    const knock = ['timeout', '5', 'bash', '-c', `exec 3<>/dev/tcp/${ADDRESSES.leader}/6379; echo PING >&3; head -n 1 <&3`];
    expect(await slave.output(knock)).toContain('NOAUTH');
    // timeout(1): not even refused.
    expect((await core.run(knock)).exitCode).toBe(124);
    expect(await slave.output(['stat', '--format=%a %G', '/var/pryv/reg-slave/redis/conf/redis.conf'])).toContain('640 pryv');
  });

  it('a setting changed on the leader arrives everywhere', async () => {
    await leader.output(['unitctl', 'settings', 'set', 'product.platformName', 'Changed Lab'], { timeout: 300 });
    await platform.until(async () => (await platform.ask('sw', ADDRESSES.static, '/platform.json')).includes('Changed Lab'));
    expect(await platform.ask('reg', ADDRESSES.leader, '/service/info')).toContain('Changed Lab');
    await platform.until(() => platform.allReady(3));
  });

  it('a renewed certificate reaches all of them', async () => {
    await leader.output(['unitctl', 'cert', 'renew', '--force'], { timeout: 300 });
    const own = await leader.output(['cat', '/etc/unit/tls/fullchain.pem']);
    await platform.until(async () => (await core.output(['cat', `/var/pryv/core/nginx/conf/secret/${DOMAIN}-bundle.crt`])) === own);
    await platform.until(async () => (await web.output(['cat', `/var/pryv/static/nginx/conf/secret/${DOMAIN}-bundle.crt`])) === own);
    await platform.until(async () => (await slave.output(['cat', `/var/pryv/reg-slave/nginx/conf/secret/${DOMAIN}-bundle.crt`])) === own);
    await platform.until(() => platform.allReady(3));
  });

  it('a configuration with which nginx does not start is turned down by the core, which goes on', async () => {
    const file = `${TEMPLATES}/core/nginx/conf/site-core.conf`;
    await leader.output(`cp ${file} /root/good && echo 'server { broken' >>${file} && unitctl apply`, { timeout: 300 });
    await platform.until(async () => (await platform.followers()).some(({ role, state }) => role === 'core' && state === 'rolled-back'));
    expect(await events()).toContain('first event');
    await leader.output(`cp /root/good ${file} && unitctl apply`, { timeout: 300 });
    await platform.until(() => platform.allReady(3));
  });

  it('POST /admin/notify, as the guide has it, is answered at lead.DOMAIN', async () => {
    const key = (await leader.output(['unitctl', 'cluster', 'admin-key'])).trim();
    expect(await platform.ask('lead', ADDRESSES.leader, `/admin/notify?auth=${key}`, '--request', 'POST')).toContain('"followers":3');
    expect(await platform.ask('lead', ADDRESSES.leader, '/admin/notify?auth=wrong', '--request', 'POST')).toContain('opens nothing');
    const log = await leader.output(['journalctl', '--boot', '--no-pager', '--unit=pryv@nginx.service']);
    expect(log).toContain('GET /service/info');
    expect(log).not.toContain(key);
  });

  it('a second core joins, which cannot be the first, and its users are led to it', async () => {
    const second = await lab.boot(tree, { name: 'core-2', address: ADDRESSES.core2 });
    // The sample answers are the first one's.
    const taken = { why: expect.stringMatching(/its product\.coreId is co1, and so is that of/) as string };
    await expect(platform.joins(second, 'core')).rejects.toMatchObject(taken);
    await platform.joins(second, 'core', { product: { coreId: 'co2' } });
    await platform.until(() => platform.allReady(4));
    const eventsThere = await platform.newUser('bobby', ADDRESSES.core2, 'co2');
    expect(await platform.resolved(`bobby.${DOMAIN}`, 'A')).toEqual([ADDRESSES.core2]);
    expect(await platform.resolved(`alice.${DOMAIN}`, 'A')).toEqual([ADDRESSES.core]);
    await eventsThere(...note('at the second core'));
    expect(await eventsThere()).toContain('at the second core');
    await second.stop();
  });

  it('with the leader off the others live on, and start anew', async () => {
    await leader.stop();
    await core.output('unitctl services restart && systemctl restart unit-follow.service', { timeout: 300 });
    await platform.until(async () => (await events()).includes('first event'));
    expect(await platform.ask('sw', ADDRESSES.static, '/platform.json')).toContain('Changed Lab');
    expect(await core.failedUnits(), await core.journal()).not.toContain('unit-follow.service');
  });

  it('and the second register goes on serving the domain, after a start of its own too', async () => {
    await slave.reboot();
    await platform.until(async () => (await slave.run(['systemctl', 'is-active', 'unit-ready.service'])).stdout.trim() === 'active');
    expect(await platform.resolved(DOMAIN, 'NS', ADDRESSES.slave)).toEqual([`reg.${DOMAIN}`, `reg-slave.${DOMAIN}`]);
    expect(await platform.resolved(`co1.${DOMAIN}`, 'A', ADDRESSES.slave)).toEqual([ADDRESSES.core]);
    expect(await platform.resolved(`alice.${DOMAIN}`, 'A', ADDRESSES.slave)).toEqual([ADDRESSES.core]);
    expect(await platform.ask('reg-slave', ADDRESSES.slave, '/users/alice')).toContain('"core":"co1"');
    expect(await platform.ask('reg-slave', ADDRESSES.slave, '/health')).toContain('"replica":"down"');
  });
});
