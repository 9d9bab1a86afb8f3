/** Packing as a whole: every format from every kind of disk, disks that cannot be packed, memory, and Ctrl-C. */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { pack } from '../../../builder/formats/pack.ts';
import { withCleanup } from '../../../builder/kit/cleanup.ts';
import { Account, buildBundle, CHECKOUT, NOTHING } from '../../helpers/cli-bundle.ts';
import { testContext } from '../../helpers/context.ts';
import { until } from '../../helpers/once.ts';
import { ovfOptions, tinyDisk } from '../../helpers/tiny-ova.ts';

const MIB = 2 ** 20;
const folder = mkdtempSync(join(tmpdir(), 'pack-'));
const at = (name: string): string => join(folder, name);
const qemuImg = (...args: string[]): string => execFileSync('qemu-img', args, { cwd: folder, encoding: 'utf8' });

beforeAll(() => tinyDisk(at('disk.raw')));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function packed(disk: string, out: string): Promise<void> {
  const { ctx } = testContext({ cacheDir: at('cache') });
  const request = {
    disk: at(disk),
    baseName: 'tiny',
    formats: ['ova', 'qcow2', 'raw', 'vmdk'] as const,
    out: at(out),
    compression: 'zlib' as const,
    ovaFolder: true,
    ovf: ovfOptions(),
    mtime: new Date(0),
  };
  await withCleanup((cleanup) => pack(request, ctx, cleanup));
}

describe('any disk', () => {
  it.each([
    ['disk.raw', () => undefined],
    ['a name with spaces, "quotes" and größe 語.qcow2', (name: string) => qemuImg('convert', '-c', '-O', 'qcow2', 'disk.raw', name)],
    ['10:00 %s.vmdk', (name: string) => qemuImg('convert', '-O', 'vmdk', 'disk.raw', join(folder, name))],
  ])('%s gives every format, with the same data', async (name, make) => {
    make(name);
    const out = `out of ${name}`;
    await packed(name, out);
    expect(readdirSync(at(out)).sort()).toEqual(['SHA256SUMS', 'tiny-disk1.vmdk', 'tiny-ova', 'tiny.ova', 'tiny.qcow2', 'tiny.raw.zst']);
    execFileSync('sha256sum', ['--check', '--strict', '--quiet', 'SHA256SUMS'], { cwd: at(out) });
    execFileSync('zstd', ['-q', '-d', '-f', join(at(out), 'tiny.raw.zst'), '-o', at('back.raw')]);
    execFileSync('cmp', [at('disk.raw'), at('back.raw')]);
    for (const file of ['tiny.qcow2', 'tiny-disk1.vmdk', 'tiny-ova/tiny-disk1.vmdk']) {
      expect(qemuImg('compare', at('disk.raw'), join(at(out), file))).toContain('Images are identical.');
    }
    expect(qemuImg('info', join(at(out), 'tiny.qcow2'))).toContain('compression type: zlib');
    expect(existsSync(at('cache/tmp')) ? readdirSync(at('cache/tmp')) : []).toEqual([]);
  });

  it.each([
    ['not there', 'nothing.raw', () => undefined, /There is no disk image/],
    ['a folder', 'cache', () => undefined, /There is no disk image/],
    ['empty', 'empty.raw', (name: string) => writeFileSync(at(name), ''), /cannot be packaged/],
    ['another format', 'disk.vdi', (name: string) => qemuImg('create', '-q', '-f', 'vdi', name, '1M'), /cannot be packaged/],
    [
      'without its backing file',
      'orphan.qcow2',
      (name: string) => qemuImg('create', '-q', '-f', 'qcow2', '-u', '-b', 'gone.raw', '-F', 'raw', name, '1M'),
      /cannot read/,
    ],
    [
      'encrypted',
      'secret.qcow2',
      (name: string) => {
        qemuImg('create', '-q', '-f', 'qcow2', name, '1M');
        const handle = openSync(at(name), 'r+');
        // crypt_method 1, AES (docs/interop/qcow2.txt). qemu-img's own LUKS cannot be made on a busy machine: it measures time.
        writeSync(handle, Buffer.from([0, 0, 0, 1]), 0, 4, 32);
        closeSync(handle);
      },
      /cannot read/,
    ],
    [
      'cut short',
      'cut.qcow2',
      (name: string) => {
        qemuImg('convert', '-O', 'qcow2', 'disk.raw', name);
        truncateSync(at(name), 400_000);
      },
      /is damaged/,
    ],
  ])('one that is %s is refused, and nothing is left', async (_what, name, make, message) => {
    make(name);
    const failure = await packed(name, 'refused').then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ name: 'UserError', exitCode: 2, message: expect.stringMatching(message) as string });
    expect(readdirSync(at('refused'))).toEqual([]);
  });
});

describe('a target that the disk is read from', () => {
  const disk = (name: string): void => void qemuImg('convert', '-O', 'qcow2', 'disk.raw', name);

  it.each<[string, string, string, () => void]>([
    ['itself', 'tiny.qcow2', 'tiny.qcow2', () => disk('self/tiny.qcow2')],
    [
      'itself behind a link',
      'link.qcow2',
      'tiny.qcow2',
      () => {
        disk('self/tiny.qcow2');
        symlinkSync('tiny.qcow2', at('self/link.qcow2'));
      },
    ],
    [
      'its backing file',
      'overlay.qcow2',
      'tiny.qcow2',
      () => {
        disk('self/tiny.qcow2');
        qemuImg('create', '-q', '-f', 'qcow2', '-b', 'tiny.qcow2', '-F', 'qcow2', 'self/overlay.qcow2');
      },
    ],
    [
      'a file that it keeps its data in',
      'other.vmdk',
      'tiny-disk1.vmdk',
      () => {
        qemuImg('convert', '-O', 'vmdk', '-o', 'subformat=monolithicFlat', 'disk.raw', 'self/other.vmdk');
        // VMDK 1.0: the descriptor names its extents.
        const descriptor = readFileSync(at('self/other.vmdk'), 'latin1').replace('"other-flat.vmdk"', '"tiny-disk1.vmdk"');
        writeFileSync(at('self/other.vmdk'), descriptor, 'latin1');
        renameSync(at('self/other-flat.vmdk'), at('self/tiny-disk1.vmdk'));
      },
    ],
  ])('is refused where it is %s, and nothing is written', async (_what, source, target, make) => {
    rmSync(at('self'), { recursive: true, force: true });
    mkdirSync(at('self'));
    make();
    const before = readdirSync(at('self')).map((name) => [name, statSync(join(at('self'), name)).ino]);
    await expect(packed(`self/${source}`, 'self')).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining(join(at('self'), target)) as string,
    });
    expect(readdirSync(at('self')).map((name) => [name, statSync(join(at('self'), name)).ino])).toEqual(before);
  });
});

/** `mebibytes` of a disk full of lines that compress a little. */
function fullDisk(name: string, mebibytes: number): string {
  const handle = openSync(at(name), 'w');
  for (let index = 0; index < mebibytes; index += 1) {
    const lines = Array.from({ length: 4096 }, (_, line) => `${(index * 4096 + line) * 2_654_435_761} and some text\n`).join('');
    writeSync(handle, Buffer.alloc(MIB, lines));
  }
  closeSync(handle);
  return at(name);
}

describe('the command', () => {
  beforeAll(buildBundle, 120_000);

  /** Most memory of `unitsmith args`, in MiB. */
  async function peak(account: Account, args: readonly string[]): Promise<number> {
    const file = join(account.root, 'peak');
    const preload = ['--import', join(CHECKOUT, 'test/bench/peak-memory.mjs')];
    const argv = [process.execPath, ...preload, join(CHECKOUT, 'dist/unitsmith.mjs')];
    const { code, stderr } = await account.start(args, { UNITSMITH_BENCH_PEAK: file }, argv).ended;
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({
      code: args[0] === 'inspect' ? 1 : 0,
      stderr: args[0] === 'inspect' ? stderr : '',
    });
    return Number(readFileSync(file, 'utf8')) / 1024;
  }

  it('takes the same memory for a small and a large disk, to pack and to inspect', async () => {
    const account = new Account();
    const small = fullDisk('small.raw', 24);
    const large = fullDisk('large.raw', 192);
    const run = async (disk: string, name: string): Promise<{ pack: number; inspect: number }> => ({
      pack: await peak(account, ['pack', disk, '--name', name, '--level', '1', '--out', account.out]),
      inspect: await peak(account, ['inspect', join(account.out, `${name}.ova`)]),
    });
    const [little, much] = [await run(small, 'small'), await run(large, 'large')];
    expect(much.pack).toBeLessThan(286);
    expect(much.inspect).toBeLessThan(200);
    // Streams leave buffers to the garbage collector, up to a point that a disk of 24 MiB does not reach.
    expect(much.pack - little.pack).toBeLessThan(96);
    expect(much.inspect - little.inspect).toBeLessThan(64);
  }, 120_000);

  it('leaves nothing on Ctrl-C in the middle', async () => {
    const account = new Account();
    const running = account.start([
      'pack',
      existsSync(at('large.raw')) ? at('large.raw') : fullDisk('large.raw', 192),
      '--name',
      'x',
      '--level',
      '9',
      '--out',
      account.out,
    ]);
    await until(
      () => existsSync(account.out) && readdirSync(account.out, { recursive: true }).some((name) => String(name).includes('x-disk1.vmdk')),
      'the disk to be begun',
    );
    running.child.kill('SIGINT');
    expect((await running.ended).code).toBe(130);
    expect(account.leftovers()).toEqual(NOTHING);
  }, 60_000);
});
