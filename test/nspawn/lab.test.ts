/** The lab itself: units beside each other on a network of their own, of which nothing is left. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Cleanup } from '../../builder/kit/cleanup.ts';
import { defaultCacheDir, packageRoot } from '../../builder/kit/paths.ts';
import { buildBundle } from '../helpers/cli-bundle.ts';
import { testContext } from '../helpers/context.ts';
import { LAB_ADDRESS, type Lab, openLab } from '../helpers/nspawn/lab.ts';
import { whyNoContainers } from '../helpers/nspawn/needs.ts';
import { bakeTree } from '../helpers/nspawn/tree.ts';
import type { NspawnUnit } from '../helpers/nspawn/unit.ts';

const why = whyNoContainers();
if (why !== undefined) console.log(`units in containers are not tried: ${why}`);

describe.skipIf(why !== undefined)('two units of one tree', () => {
  const cleanup = new Cleanup();
  let tree: string;
  let lab: Lab;
  let one: NspawnUnit;
  let two: NspawnUnit;

  beforeAll(async () => {
    await buildBundle();
    const { ctx } = testContext({ cacheDir: defaultCacheDir(process.env) });
    tree = join(mkdtempSync(join(tmpdir(), 'starter-')), 'tree');
    await bakeTree(ctx, join(packageRoot(), 'images', 'starter'), tree);
    lab = await openLab(ctx, cleanup);
    one = await lab.boot(tree, { name: 'one', address: '10.77.0.2' });
    two = await lab.boot(tree, { name: 'two', address: '10.77.0.3', dns: LAB_ADDRESS });
  });

  afterAll(() => cleanup.run());

  it('have nothing in the tree that is theirs alone, and it stays so', () => {
    expect(readFileSync(join(tree, 'etc/machine-id'), 'utf8')).toBe('uninitialized\n');
    expect(readdirSync(join(tree, 'etc/ssh')).filter((name) => name.startsWith('ssh_host'))).toEqual([]);
    expect(existsSync(join(tree, 'usr/sbin/policy-rc.d'))).toBe(false);
  });

  it('are others than each other', async () => {
    const identity = 'cat /etc/machine-id /etc/ssh/ssh_host_ed25519_key.pub; hostname';
    expect(await one.output(identity)).not.toBe(await two.output(identity));
  });

  it('reach each other and the lab at the addresses that they were given, and nothing else', async () => {
    const ask = (address: string): string[] => ['curl', '--silent', '--insecure', '--max-time', '5', `https://${address}/`];
    expect((await one.run(ask('10.77.0.3'))).exitCode).toBe(0);
    expect((await two.run(ask('10.77.0.2'))).exitCode).toBe(0);
    expect((await lab.run(ask('10.77.0.2'))).exitCode).toBe(0);
    await one.output(['ping', '-c', '1', '-W', '2', LAB_ADDRESS]);
    expect((await one.run(['ping', '-c', '1', '-W', '2', '192.0.2.1'])).exitCode).not.toBe(0);
    expect(await two.output(['resolvectl', 'dns', 'eth0'])).toContain(LAB_ADDRESS);
  });

  it('see nothing of the environment of this host, and give exit codes and output as they are', async () => {
    expect((await one.output(['env'])).split('\n').map((line) => line.split('=')[0])).toEqual(['PATH', 'HOME', 'LANG', 'TERM']);
    expect(await one.run('echo out; echo err >&2; exit 3')).toEqual({ exitCode: 3, stdout: 'out', stderr: 'err' });
    await expect(one.output(['false'])).rejects.toThrow('on one, `false` failed with exit code 1');
  });

  it('are set up by unitctl, and do what their image promises', async () => {
    await one.finalise(join(packageRoot(), 'images', 'starter', 'sample', 'answers.yaml'));
    expect(await one.probe('smoke')).toEqual(['The page reaches its database']);
    expect(await one.probe('acceptance')).toHaveLength(5);
  });

  it('keep what was written over a restart, each for itself', async () => {
    await one.output('echo kept > /var/lib/kept');
    await one.reboot();
    expect(await one.output(['cat', '/var/lib/kept'])).toBe('kept');
    expect(await one.probe('smoke')).toHaveLength(1);
    expect(existsSync(two.path('/var/lib/kept'))).toBe(false);
  });

  it('leave nothing behind', async () => {
    const folder = readdirSync(tmpdir()).find((name) => name.startsWith('lab-')) as string;
    expect(processesWith(folder)).not.toEqual([]);
    expect(await cleanup.run()).toEqual([]);
    expect(processesWith(folder)).toEqual([]);
    expect(readFileSync('/proc/mounts', 'utf8')).not.toContain(folder);
    expect(execFileSync('find', ['/sys/fs/cgroup', '-name', `${folder}*`], { encoding: 'utf8' })).toBe('');
    expect(existsSync(join(tmpdir(), folder))).toBe(false);
  });
});

function processesWith(word: string): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    try {
      const line = readFileSync(join('/proc', pid, 'cmdline'), 'utf8');
      return line.includes(word) ? [line] : [];
    } catch {
      return [];
    }
  });
}
