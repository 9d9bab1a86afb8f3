import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import { Account, BUNDLE, buildBundle, eventsOf, inProcess, NOTHING, type Outcome } from '../../helpers/cli-bundle.ts';
import { fakeHost, mirrorOf, skeletonArchive, writeShop } from '../../helpers/cli-image.ts';

let mirror: string;
let account: Account;

beforeAll(async () => {
  await buildBundle();
  mirror = mirrorOf(`file:${await skeletonArchive()}`);
}, 120_000);
beforeEach(async () => {
  account = new Account();
  fakeHost(account);
  vi.spyOn(process, 'cwd').mockReturnValue(account.cwd);
  await writeShop(account);
});

async function refuse(args: readonly string[], env: Record<string, string> = {}): Promise<Outcome> {
  const outcome = await inProcess(account, args, env);
  expect(outcome.stderr).not.toContain('bug in unitsmith');
  expect(account.leftovers()).toEqual(NOTHING);
  expect(outcome.code).toBe(4);
  return outcome;
}

describe('a program that is missing or of an unsupported version ends a bake before it begins', () => {
  it('all that are missing are named at once, each with the package that has it', async () => {
    const { stderr } = await refuse(['bake', 'shop', '--mirror', mirror], { PATH: join(account.root, 'empty') });
    for (const name of ['mmdebstrap', 'qemu-system-x86_64', 'qemu-img', 'curl', 'bsdtar'])
      expect(stderr).toContain(`${name} is not installed`);
    expect(stderr).toContain('Packer is not installed');
    expect(stderr).toContain('sudo apt-get install qemu-system-x86');
    expect(stderr).toContain('unitsmith doctor --fix');
    expect(readdirSync(account.cache)).toEqual([]);
  });

  it.each([
    ['packer', 'echo 1.3.4', /Packer 1\.3\.4 is not supported: this builder works with Packer 1\.6 and later/],
    ['packer', 'echo "Packer v2.0.0"', /Packer 2\.0\.0 is not supported/],
    // The cracklib of Fedora has a program of that name, which waits for words on its standard input.
    ['packer', 'cat >/dev/null; exit 1', /The program called packer does not tell its version/],
    ['qemu-system-x86_64', 'echo "QEMU emulator version 7.1.0"', /qemu-system-x86_64 7\.1\.0 is too old: 7\.2 or later is needed/],
    ['mmdebstrap', 'exit 127', /mmdebstrap does not tell its version/],
  ])('%s by `%s`', async (name, body, message) => {
    account.program(name, body);
    const { stderr } = await refuse(['bake', 'shop', '--mirror', mirror]);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/apt-get install|install \S+ of Debian/);
  });

  it.each([
    ['pack', 'qemu-img', ['pack', 'DISK', '--name', 'shop']],
    ['verify', 'qemu-system-x86_64', ['verify', 'DISK']],
    ['try', 'qemu-system-x86_64', ['try', 'DISK']],
  ])('%s without %s', async (_command, program, args) => {
    const disk = join(account.cwd, 'disk.raw');
    execFileSync('truncate', ['--size', '1M', disk]);
    const words = args.map((word) => (word === 'DISK' ? disk : word));
    const { stderr } = await refuse(words, { PATH: join(account.root, 'empty') });
    expect(stderr).toContain(`${program} is not installed`);
    expect(stderr).toContain('sudo apt-get install');
  });
});

describe('a full disk', () => {
  /** Why file systems cannot be mounted for a test here; undefined where they can. */
  const obstacle = ((): string | undefined => {
    try {
      execFileSync('unshare', ['--mount', '--map-root-user', 'mount', '-t', 'tmpfs', 'none', '/mnt'], { stdio: 'pipe' });
      return undefined;
    } catch (error) {
      return `no file system can be mounted in a namespace here: ${String(error).split('\n').at(-2)}`;
    }
  })();

  /** Runs with a file system of `size` at `folder`, seen by this run alone; then lists what is in there, dot files too. */
  async function onSmallDisk(folder: string, size: string, args: readonly string[]): Promise<Outcome & { left: string[] }> {
    const script = `mkdir -p "$1"; mount -t tmpfs -o size=${size} none "$1"; shift
"$@"; code=$?
find "${folder}" -type f -printf 'left: %P\\n' >&2
exit $code`;
    const shell = ['unshare', '--mount', '--map-root-user', 'sh', '-c', script, 'sh', folder, process.execPath, BUNDLE];
    const outcome = await account.start(args, {}, shell).ended;
    expect(outcome.stderr).not.toMatch(/bug in unitsmith|\.mjs:\d/);
    return { ...outcome, left: [...outcome.stderr.matchAll(/^left: (.*)$/gm)].map(([, path]) => path ?? '') };
  }

  it('is known before a bake begins, for the cache and for the artefacts', async ({ skip }) => {
    if (obstacle !== undefined) skip(obstacle);
    for (const [folder, option] of [
      [account.cache, '--cache-dir'],
      [account.out, '--out'],
    ] as const) {
      const { code, stderr, left } = await onSmallDisk(folder, '64M', ['bake', 'shop', '--mirror', mirror]);
      expect(code).toBe(4);
      expect(stderr).toMatch(/0\.1 GiB are free at .*, \d\.\d GiB are needed for the (cache|artefacts)/);
      expect(stderr).toContain(`${option} FOLDER`);
      expect(left).toEqual([]);
    }
  });

  it('in the middle of a command is said in these words, and nothing partial is left', async ({ skip }) => {
    if (obstacle !== undefined) skip(obstacle);
    const disk = join(account.cwd, 'disk.raw');
    execFileSync('dd', ['if=/dev/urandom', `of=${disk}`, 'bs=1M', 'count=12', 'status=none']);
    for (const format of ['ova', 'qcow2', 'raw', 'vmdk']) {
      const args = ['pack', disk, '--name', 'shop', '--formats', format, '--out', account.out];
      const { code, stderr, left } = await onSmallDisk(account.out, '4M', args);
      expect({ format, code, left }).toEqual({ format, code: 4, left: [] });
      expect(stderr).toMatch(/error: The disk is full/);
      expect(stderr).toContain('--out FOLDER');
    }
  });

  it('while packages are fetched leaves a cache that the next run goes on with', async ({ skip }) => {
    if (obstacle !== undefined) skip(obstacle);
    const { code, stderr, left } = await onSmallDisk(account.cache, '300K', ['--json', 'lock', 'shop', '--mirror', mirror]);
    expect({ code, stderr: stderr.replace(/^left: .*\n/gm, '') }).toEqual({ code: 4, stderr: '' });
    expect(left.filter((path) => !path.startsWith('apt/'))).toEqual([]);
  });
});

it('events tell what is lacking as problems, each with its remedy', async () => {
  const outcome = await inProcess(account, ['--json', 'bake', 'shop', '--mirror', mirror], { PATH: join(account.root, 'empty') });
  expect(eventsOf(outcome).at(-1)).toMatchObject({
    type: 'error',
    exitCode: 4,
    problems: expect.arrayContaining([
      { message: expect.stringContaining('qemu-img is not installed') as string, suggestion: 'sudo apt-get install qemu-utils' },
    ]) as unknown,
  });
});
