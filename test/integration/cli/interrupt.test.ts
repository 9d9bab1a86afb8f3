import { cpSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import { Account, buildBundle, inProcess, NOTHING, type Outcome, type Running } from '../../helpers/cli-bundle.ts';
import { fakeHost, hangingMmdebstrap, mirrorOf, skeletonArchive, writeShop } from '../../helpers/cli-image.ts';
import { until } from '../../helpers/once.ts';

let mirror: string;
/** A cache with the packages in it, as a bake that came to `rootfs` leaves it. */
let primed: string;
let account: Account;

beforeAll(async () => {
  await buildBundle();
  mirror = mirrorOf(`file:${await skeletonArchive()}`);
  const first = new Account();
  fakeHost(first);
  await writeShop(first);
  vi.spyOn(process, 'cwd').mockReturnValue(first.cwd);
  expect(await inProcess(first, ['bake', 'shop', '--mirror', mirror])).toMatchObject({ code: 6 });
  primed = first.cache;
}, 120_000);
beforeEach(async () => {
  account = new Account();
  vi.spyOn(process, 'cwd').mockReturnValue(account.cwd);
  fakeHost(account);
  await writeShop(account);
  cpSync(primed, account.cache, { recursive: true, preserveTimestamps: true });
});

/** A bake that hangs in the middle of `rootfs`. */
async function hanging(): Promise<Running> {
  const mark = hangingMmdebstrap(account);
  const running = account.start(['bake', 'shop', '--mirror', mirror]);
  let ended = false;
  void running.ended.then(() => {
    ended = true;
  });
  await until(() => ended || existsSync(mark), 'mmdebstrap to be run');
  expect(running.stderr()).toContain('rootfs: started');
  expect(locks()).toHaveLength(1);
  return running;
}

const locks = (): string[] => readdirSync(account.cache).filter((name) => name.startsWith('lock.'));

function expectNothingLeft({ stderr }: Outcome): void {
  expect(stderr).toMatch(/error: (Interrupted|Terminated): everything that was started has been ended, nothing partial is left/);
  expect(stderr).not.toContain('could not clean up');
  expectNoFiles();
}

function expectNoFiles(): void {
  expect(account.leftovers()).toEqual(NOTHING);
  expect(readdirSync(join(account.cache, 'stages', 'rootfs'))).toEqual([]);
  expect(existsSync(account.out)).toBe(false);
}

describe('a stage that is interrupted', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 143],
  ] as const)('by %s ends with %i, and leaves no process, no partial output and no lock', async (signal, code) => {
    const running = await hanging();
    running.child.kill(signal);
    const outcome = await running.ended;
    expect(outcome.code).toBe(code);
    expectNothingLeft(outcome);
  });

  it('by Ctrl-C again and again still cleans up, and tells the first signal’s code', async () => {
    const asked = join(account.root, 'asked');
    // Long enough for the signals below to come while it cleans up.
    account.program('rm', `echo > ${asked}; sleep 1; exec /bin/rm "$@"`);
    const running = await hanging();
    const group = -(running.child.pid ?? 0);
    process.kill(group, 'SIGINT');
    await until(() => existsSync(asked), 'the clean-up to begin');
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGINT'] as const) process.kill(group, signal);
    const outcome = await running.ended;
    expect(outcome.code).toBe(130);
    expectNothingLeft(outcome);
  });

  it.each([
    ['standard output', ['--json'], 'stdout'],
    ['standard error', ['--verbose'], 'stderr'],
  ] as const)('by a reader of %s that goes away ends with 141', async (_name, flags, stream) => {
    const mark = hangingMmdebstrap(account, 'while echo installing; do sleep 0.1; done &');
    const running = account.start([...flags, 'bake', 'shop', '--mirror', mirror]);
    await until(() => existsSync(mark), 'mmdebstrap to be run');
    running.child[stream]?.destroy();
    expect((await running.ended).code).toBe(141);
    expectNoFiles();
  });

  it('ends on SIGINT, though all that read it have gone away', async () => {
    const running = await hanging();
    running.child.stdout?.destroy();
    running.child.stderr?.destroy();
    running.child.kill('SIGINT');
    // Nothing was written before the signal: it is what counts.
    expect((await running.ended).code).toBe(130);
    expectNoFiles();
  });

  it('goes on from there the next time', async () => {
    const running = await hanging();
    running.child.kill('SIGINT');
    await running.ended;
    fakeHost(account);
    const { code, stderr } = await inProcess(account, ['bake', 'shop', '--mirror', mirror]);
    expect(code).toBe(6);
    expect(stderr).toMatch(/resolve \(from the cache\)\n.*fetch \(from the cache\)\nrootfs: started/);
  });
});

describe('two builds at once', () => {
  it('the second ends with 9 and names the first, which goes on', async () => {
    const running = await hanging();
    for (const args of [
      ['bake', 'shop', '--mirror', mirror],
      ['lock', 'shop', '--mirror', mirror],
      ['cache', 'clear'],
      ['cache', 'trim'],
      ['cache', 'verify'],
    ]) {
      const { code, stderr } = await inProcess(account, args);
      expect({ args, code }).toEqual({ args, code: 9 });
      expect(stderr).toContain(`Another build is using the cache ${account.cache}`);
      expect(stderr).toContain(`process ${running.child.pid} has held it since 20`);
      expect(stderr).toContain('--cache-dir FOLDER');
    }
    expect(running.child.exitCode).toBeNull();
    expect(locks()).toHaveLength(1);
    running.child.kill('SIGTERM');
    expectNothingLeft(await running.ended);
  });

  it('one that was killed holds nothing, and the next one sweeps up after it', async () => {
    const running = await hanging();
    process.kill(-(running.child.pid ?? 0), 'SIGKILL');
    await running.ended;
    expect(locks()).toHaveLength(1);
    // Its programs are in groups of their own, and nothing was left to end them.
    for (const pid of account.running().keys()) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended with its parent.
      }
    }
    await until(() => account.running().size === 0, 'its programs to end');
    fakeHost(account);
    expect((await inProcess(account, ['bake', 'shop', '--mirror', mirror])).code).toBe(6);
    expect(account.leftovers()).toEqual(NOTHING);
    expect(readdirSync(join(account.cache, 'stages', 'rootfs'))).toEqual([]);
  });
});
