/** A leader and its followers as processes, on units in folders: the server with its certificate, followers by unitctl. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Unit } from '../../../firstboot/contract/unit.ts';
import { withRoles } from '../../../firstboot/settings/index.ts';
import { bundleUnitctl, EMPTY_UNIT, FakeUnit, type Outcome } from './fake-unit.ts';

const roles: Unit['roles'] = {
  register: { title: { en: 'Register' } },
  core: { title: { en: 'Core' }, follows: 'register', unique: ['product.coreId'] },
  static: { title: { en: 'Static web' }, follows: 'register' },
  mirror: { title: { en: 'Mirror' }, follows: 'register' },
};

const values = { DOMAIN: '{{settings.product.domain}}', CORE_IP_ADDRESS: '{{settings.product.core}}', SYSTEM_KEY: 'SECRET' };
const UNIT: Unit = {
  ...EMPTY_UNIT,
  roles,
  services: { web: { ready: { unit: 'web.service' } }, database: { roles: ['core'], ready: { unit: 'database.service' } } },
  ports: [
    { port: 443, purpose: 'All' },
    { port: 53, protocol: 'udp', purpose: 'DNS', roles: ['register'] },
    { port: 6379, purpose: 'Copies', roles: ['register'], from: 'product.copies' },
  ],
  steps: [
    {
      id: 'core-files',
      title: { en: 'Core' },
      roles: ['core'],
      use: 'variables',
      with: {
        from: '/usr/share/shop/core.tgz',
        to: '/var/shop/core',
        values,
        own: { CORE_ID: '{{default settings.product.coreId "co1"}}' },
        certificate: { chain: 'nginx/secret/DOMAIN-bundle.crt', key: 'nginx/secret/DOMAIN-key.pem' },
      },
    },
    {
      id: 'static-files',
      title: { en: 'Static' },
      roles: ['static'],
      use: 'variables',
      with: { from: '/usr/share/shop/static', to: '/var/shop/static', values: { DOMAIN: values.DOMAIN } },
    },
    {
      id: 'mirror-files',
      title: { en: 'Mirror' },
      roles: ['mirror'],
      use: 'variables',
      with: { from: '/usr/share/shop/core.tgz', folder: 'mirror', to: '/var/shop/mirror', values: { DOMAIN: values.DOMAIN } },
    },
  ],
};

const SCHEMA = withRoles(
  {
    type: 'object',
    additionalProperties: false,
    required: ['domain', 'core'],
    properties: {
      domain: { type: 'string', 'x-roles': ['register'], 'x-titles': { en: 'Domain' } },
      core: { type: 'string', 'x-roles': ['register'], 'x-titles': { en: 'Core' } },
      coreId: { type: 'string', 'x-roles': ['core'], 'x-titles': { en: 'Id' } },
      copies: { type: 'array', items: { type: 'string' }, 'x-roles': ['register'], 'x-titles': { en: 'Copies' } },
    },
  },
  roles,
);

const CORE_FILES = {
  'api.json': '{ "domain": "DOMAIN", "host": "co1.DOMAIN", "MY_DOMAIN": 1, "key": "SYSTEM_KEY" }\n',
  'conf/CORE_ID.yml': 'id: CORE_ID of DOMAIN\n',
  'conf/core.yml': 'listen: CORE_IP_ADDRESS:3000\n',
};

describe('a leader and its followers', () => {
  const work = mkdtempSync(join(tmpdir(), 'unit-cluster-'));
  const children: ChildProcess[] = [];
  const units: FakeUnit[] = [];
  let unitctl = '';
  let serverBundle = '';
  let leader: FakeUnit;
  let core: FakeUnit;
  let stopLeader: () => void;
  let port = 0;

  const make = (): FakeUnit => {
    const { uid, gid } = userInfo();
    const unit = new FakeUnit(unitctl, UNIT, { '/usr/lib/unit/settings.schema.json': JSON.stringify(SCHEMA) });
    unit.write('/etc/passwd', `${unit.read('/etc/passwd')}unit-cluster:x:${uid}:${gid}::/:/bin/sh\n`);
    // What the core is given must have a good address: stands for a service that does not come up.
    const probe = { title: 'files are good', probe: { command: ['sh', '-c', `! grep -rqs 203.0.113.66 ${unit.at('/var/shop')}`] } };
    unit.write('/usr/lib/unit/unit.json', JSON.stringify({ ...UNIT, probes: { smoke: [{ ...probe, timeout: 1 }] } }));
    mkdirSync(unit.at('/usr/share/shop/static'), { recursive: true });
    cpSync(join(work, 'core.tgz'), unit.at('/usr/share/shop/core.tgz'));
    unit.write('/usr/share/shop/static/index.html', '<h1>DOMAIN</h1>\n');
    units.push(unit);
    return unit;
  };
  const answers = (unit: FakeUnit, data: object): string => {
    unit.write('/answers.json', JSON.stringify({ schemaVersion: 1, ...data }));
    return unit.at('/answers.json');
  };
  const apply = (unit: FakeUnit, data: object): Promise<Outcome> => unit.unitctl(['apply', '--answers', answers(unit, data)]);

  const serve = async (): Promise<void> => {
    const folder = leader.at('/var/lib/unit/cluster');
    const args = [
      serverBundle,
      '--folder',
      folder,
      '--state',
      leader.at('/var/lib/unit-cluster'),
      '--port',
      String(port),
      '--host',
      '127.0.0.1',
    ];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    children.push(child);
    stopLeader = () => void child.kill('SIGKILL');
    port = await new Promise<number>((resolve, reject) => {
      let text = '';
      child.stderr.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        const match = /listening on port (\d+)/.exec(text);
        if (match !== null) resolve(Number(match[1]));
      });
      child.once('exit', () => reject(new Error(text)));
    });
  };
  const inviteFor = async (role: string): Promise<string> => {
    const made = await leader.unitctl(['cluster', 'invite', '--role', role, '--address', '127.0.0.1', '--port', String(port), '--json']);
    expect(made.stderr).toBe('');
    return (made.events[0]?.['data'] as { code: string } | undefined)?.code ?? '';
  };
  const rows = async (): Promise<Record<string, string>[]> =>
    (await leader.unitctl(['cluster', 'list', '--json'])).events[0]?.['data'] as Record<string, string>[];
  /** Starts to follow, and waits until the leader has heard what `wanted` says. */
  const follow = (unit: FakeUnit): ChildProcess => {
    const child = unit.start(['cluster', 'follow']);
    children.push(child);
    return child;
  };
  const until = async (what: () => Promise<boolean> | boolean): Promise<void> => {
    for (let left = 900; left > 0; left -= 1) {
      if (await what()) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error('it did not come to that');
  };

  beforeAll(async () => {
    const folder = join(work, 'core');
    for (const [path, text] of Object.entries(CORE_FILES)) {
      mkdirSync(join(folder, path, '..'), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    execFileSync('tar', ['-czf', join(work, 'core.tgz'), '-C', folder, '.']);
    unitctl = await bundleUnitctl(work);
    serverBundle = join(work, 'cluster.mjs');
    await build({
      absWorkingDir: join(import.meta.dirname, '../../..'),
      entryPoints: ['firstboot/cluster/server/main.ts'],
      outfile: serverBundle,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      logLevel: 'warning',
      banner: { js: "import { createRequire as c } from 'node:module'; const require = c(import.meta.url);" },
    });
    leader = make();
    core = make();
  });
  afterAll(() => {
    for (const child of children) child.kill('SIGKILL');
    for (const { root } of units) rmSync(root, { recursive: true, force: true });
    rmSync(work, { recursive: true, force: true });
  });

  it('a leader is set up in its role, with its ports and services only', async () => {
    const done = await apply(leader, { cluster: { role: 'register' }, product: { domain: 'example.org', core: '192.0.2.2' } });
    expect(done.stderr).toBe('');
    expect(done.exitCode).toBe(0);
    expect(leader.read('/etc/unit/firewall/ready.nft')).toContain('udp dport { 53 } accept');
    expect(leader.read('/etc/unit/firewall/ready.nft')).toContain('tcp dport { 22, 443, 8444 } accept');
    expect(leader.read('/etc/systemd/system/database.service.d/60-unit-role.conf')).toContain('ConditionPathExists=!/');
    expect(leader.read('/etc/systemd/system/unit.target')).not.toContain('database');
    expect(existsSync(leader.at('/var/shop/core'))).toBe(false);
    expect(statSync(leader.at('/var/lib/unit/cluster/leader.key')).mode & 0o077).toBe(0);
    await serve();
  });

  it('a port for some addresses is open to those of the settings, in force by the end of the run', async () => {
    const product = { domain: 'example.org', core: '192.0.2.2' };
    const opened = async (copies: string[]): Promise<string[]> => {
      expect((await apply(leader, { cluster: { role: 'register' }, product: { ...product, copies } })).stderr).toBe('');
      expect(leader.read('/run/unit/firewall.nft')).toBe(leader.read('/etc/unit/firewall/ready.nft'));
      return leader.read('/run/unit/firewall.nft').match(/ip6? saddr \{.*\} tcp dport \{ 6379 \} accept/g) ?? [];
    };
    expect(await opened([])).toEqual([]);
    expect(await opened(['192.0.2.9', '2001:db8::9'])).toEqual([
      'ip saddr { 192.0.2.9 } tcp dport { 6379 } accept',
      'ip6 saddr { 2001:db8::9 } tcp dport { 6379 } accept',
    ]);
    const wrong = await apply(leader, { cluster: { role: 'register' }, product: { ...product, copies: ['somewhere'] } });
    expect(wrong.exitCode).toBe(3);
    expect(wrong.stderr).toContain('product.copies: somewhere is no IP address');
    expect(await opened([])).toEqual([]);
  });

  it('a role for which the vendor delivers nothing keeps no other from being led', async () => {
    const refused = await leader.unitctl(['cluster', 'invite', '--role', 'mirror']);
    expect(refused.exitCode).not.toBe(0);
    expect(refused.stderr).toContain("the product's files have none for the role mirror");
  });

  it('a code with more addresses than a unit takes is not made', async () => {
    const addresses = Array.from({ length: 17 }, (_, index) => `192.0.2.${index}`);
    const refused = await leader.unitctl(['cluster', 'invite', '--role', 'core', '--address', ...addresses]);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain('a join code has 1 to 16 addresses, and these 17 are too many');
  });

  it('a follower cannot be set up without a code, nor with one of another role', async () => {
    const without = await apply(core, { cluster: { role: 'core' } });
    expect(without.exitCode).toBe(3);
    expect(without.stderr).toContain('join');
    const other = await apply(core, { cluster: { role: 'core', join: await inviteFor('static') } });
    expect(other.exitCode).toBe(4);
    expect(other.stderr).toContain('the join code is for the role static');
  });

  it('a follower joins and gets its files: variables as whole words, the certificate, a secret of its own', async () => {
    const code = await inviteFor('core');
    const done = await apply(core, { cluster: { role: 'core', join: code }, product: { coreId: 'co2' } });
    expect(done.stderr).toBe('');
    expect(done.exitCode).toBe(0);
    expect(core.read('/var/shop/core/conf/co2.yml')).toBe('id: co2 of example.org\n');
    expect((await core.unitctl(['doctor', 'cluster'])).stdout).toContain('has not answered since this unit joined it');
    const api = JSON.parse(core.read('/var/shop/core/api.json')) as Record<string, unknown>;
    expect(api).toMatchObject({ domain: 'example.org', host: 'co1.example.org', MY_DOMAIN: 1 });
    expect(api['key']).toMatch(/^[A-Za-z0-9]{32}$/);
    expect(core.read('/var/shop/core/conf/core.yml')).toBe('listen: 192.0.2.2:3000\n');
    expect(statSync(core.at('/var/shop/core/api.json')).mode & 0o007).toBe(0);
    expect(core.read('/var/shop/core/nginx/secret/example.org-bundle.crt')).toBe(leader.read('/etc/unit/tls/fullchain.pem'));
    expect(core.read('/var/shop/core/nginx/secret/example.org-key.pem')).toContain('PRIVATE KEY');
    expect(existsSync(core.at('/var/shop/static'))).toBe(false);
    // The code opens nothing any more.
    const second = make();
    const again = await apply(second, { cluster: { role: 'core', join: code } });
    expect(again.stderr).toContain('this join code is unknown, over or used');
    expect(again.stderr + again.stdout).not.toContain(code);
  });

  it('a second unit that is the same as the first is not let in, and hears what to do', async () => {
    const second = make();
    const refused = await apply(second, { cluster: { role: 'core', join: await inviteFor('core') }, product: { coreId: 'co2' } });
    expect(refused.exitCode).not.toBe(0);
    const [{ id } = { id: '' }] = await rows();
    expect(refused.stderr).toContain(`the leader refused: its product.coreId is co2, and so is that of ${id} (`);
    expect(refused.stderr).toContain('Change this setting here and try again');
    expect(await rows()).toHaveLength(1);
    expect(existsSync(second.at('/var/lib/unit/leader.json'))).toBe(false);
  });

  it('one role cannot read the files of another, and a stranger none', async () => {
    const ask = (key: string): Promise<{ code: number; text: string }> =>
      new Promise((resolve, reject) => {
        const headers = { authorization: `Bearer ${key}` };
        const req = request({ host: '127.0.0.1', port, path: '/v1/files?role=static', headers, rejectUnauthorized: false }, (response) => {
          let text = '';
          response.on('data', (chunk: Buffer) => {
            text += chunk.toString();
          });
          response.on('end', () => resolve({ code: response.statusCode ?? 0, text }));
        });
        req.once('error', reject);
        req.end();
      });
    const { id } = JSON.parse(core.read('/var/lib/unit/leader.json')) as { id: string };
    const own = await ask(`${id}.${core.read('/var/lib/unit/secrets/cluster.key')}`);
    expect(JSON.parse(own.text)).toMatchObject({ role: 'core' });
    expect((await ask(`${id}.${'0'.repeat(64)}`)).code).toBe(401);
  });

  it('what changes on the leader arrives, and the leader hears of it', async () => {
    const following = follow(core);
    await until(async () => (await rows()).some(({ role, state }) => role === 'core' && state === 'ready'));
    expect((await leader.unitctl(['settings', 'set', 'product.core', '192.0.2.99'])).exitCode).toBe(0);
    await until(() => core.read('/var/shop/core/conf/core.yml') === 'listen: 192.0.2.99:3000\n');
    await until(async () => (await rows()).every(({ state }) => state === 'ready'));
    following.kill('SIGTERM');
  });

  it('files with which the unit does not come up are turned down, and the ones before are back', async () => {
    follow(core);
    expect((await leader.unitctl(['settings', 'set', 'product.core', '203.0.113.66'])).exitCode).toBe(0);
    await until(async () => (await rows()).some(({ state }) => state === 'rolled-back'));
    expect(core.read('/var/shop/core/conf/core.yml')).toBe('listen: 192.0.2.99:3000\n');
    expect((await core.unitctl(['status', '--json'])).events[0]?.['data']).toMatchObject({ state: 'ready' });
    expect((await core.unitctl(['cluster', 'status'])).stdout).toContain('turned down');
    for (const unit of [core, leader]) {
      const doctor = await unit.unitctl(['doctor', 'cluster']);
      expect(doctor.exitCode).toBe(1);
      expect(doctor.stdout).toMatch(/newest files (of the leader do not work here|down)/);
    }
    // Back to what the follower has, and then to something new.
    expect((await leader.unitctl(['settings', 'set', 'product.core', '192.0.2.99'])).exitCode).toBe(0);
    await until(async () => (await rows()).every(({ state }) => state === 'ready'));
    expect((await core.unitctl(['cluster', 'status'])).exitCode).toBe(0);
    expect((await leader.unitctl(['settings', 'set', 'product.core', '192.0.2.100'])).exitCode).toBe(0);
    await until(() => core.read('/var/shop/core/conf/core.yml') === 'listen: 192.0.2.100:3000\n');
  });

  it('POST /admin/notify makes followers look, who mend what was changed under them', async () => {
    await until(async () => (await rows()).every(({ state }) => state === 'ready'));
    core.write('/var/shop/core/conf/core.yml', 'changed by hand\n');
    const notify = (key: string): Promise<number> =>
      new Promise((resolve, reject) => {
        const req = request(
          { host: '127.0.0.1', port, method: 'POST', path: `/admin/notify?auth=${key}`, rejectUnauthorized: false },
          (response) => {
            response.resume();
            resolve(response.statusCode ?? 0);
          },
        );
        req.once('error', reject);
        req.end();
      });
    expect(await notify('wrong')).toBe(401);
    const before = (await leader.unitctl(['cluster', 'admin-key'])).stdout.trim();
    const key = (await leader.unitctl(['cluster', 'admin-key', '--new'])).stdout.trim();
    expect(key).not.toBe(before);
    expect(await notify(before)).toBe(401);
    expect((await leader.unitctl(['cluster', 'admin-key'])).stdout.trim()).toBe(key);
    // Once is enough, also where it comes between two questions.
    expect(await notify(key)).toBe(200);
    await until(() => core.read('/var/shop/core/conf/core.yml') === 'listen: 192.0.2.100:3000\n');
  });

  it('a renewed certificate of the leader travels', async () => {
    const file = '/var/shop/core/nginx/secret/example.org-bundle.crt';
    const before = core.read(file);
    expect((await leader.unitctl(['cert', 'renew', '--force'])).exitCode).toBe(0);
    await until(() => core.read(file) !== before);
    expect(core.read(file)).toBe(leader.read('/etc/unit/tls/fullchain.pem'));
  });

  it('with the leader off a follower goes on with what it has, and follows again when it is back', async () => {
    stopLeader();
    // Busy while it still mends what the call found.
    await until(async () => (await core.unitctl(['apply'])).exitCode === 0);
    expect(core.read('/var/shop/core/conf/core.yml')).toBe('listen: 192.0.2.100:3000\n');
    expect((await leader.unitctl(['settings', 'set', 'product.core', '192.0.2.101'])).exitCode).toBe(0);
    await serve();
    await until(() => core.read('/var/shop/core/conf/core.yml') === 'listen: 192.0.2.101:3000\n');
  });

  it('two units that have become the same are shown on the leader, until one of them is another again', async () => {
    const [{ id = '' } = {}] = await rows();
    const folder = '/var/lib/unit-cluster/followers';
    const other = 'f'.repeat(16);
    leader.write(`${folder}/${other}.json`, leader.read(`${folder}/${id}.json`));
    const list = await leader.unitctl(['cluster', 'list']);
    expect(list.exitCode).toBe(1);
    expect(list.stdout).toMatch(new RegExp(`^${id} +core co2 .* the same as ${other}$`, 'm'));
    const doctor = await leader.unitctl(['doctor', 'cluster']);
    expect(doctor.exitCode).toBe(1);
    expect(doctor.stdout).toContain(`core ${id} and core ${other} are the same: product.coreId of both is co2.`);
    // What the follower tells of itself counts.
    expect((await core.unitctl(['settings', 'set', 'product.coreId', 'co3'])).exitCode).toBe(0);
    await until(async () => (await rows()).every(({ alike }) => alike === null));
    rmSync(leader.at(`${folder}/${other}.json`));
    expect((await leader.unitctl(['cluster', 'list'])).stdout).toContain('core co3');
  });

  it('a follower that is cut off gets nothing any more', async () => {
    const [{ id = '' } = {}] = await rows();
    const file = `/var/lib/unit-cluster/followers/${id}.json`;
    leader.write(file, JSON.stringify({ ...(JSON.parse(leader.read(file)) as object), name: 'co\u001b[2J\nre' }));
    expect((await leader.unitctl(['cluster', 'list'])).stdout).toContain('co [2J re');
    expect((await leader.unitctl(['cluster', 'revoke', id])).exitCode).toBe(0);
    expect((await rows())[0]).toMatchObject({ state: 'revoked' });
    const once = core.start(['cluster', 'follow']);
    children.push(once);
    await new Promise<void>((resolve) =>
      once.stdout?.on('data', (chunk: Buffer) => chunk.toString().includes('opens nothing') && resolve()),
    );
  });

  it('a role stays', async () => {
    const other = await apply(core, { cluster: { role: 'register' }, product: { domain: 'a.org', core: '192.0.2.2' } });
    expect(other.exitCode).toBe(3);
    expect(other.stderr).toContain('its role cannot be changed');
    expect(readFileSync(core.at('/var/lib/unit/settings.json'), 'utf8')).toContain('"core"');
  });
});
