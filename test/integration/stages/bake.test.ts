import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import type { LoadedImage } from '../../../builder/definition/definition.ts';
import { Cleanup, withCleanup } from '../../../builder/kit/cleanup.ts';
import { type BakeInput, bakeStage, writeTemplate } from '../../../builder/stages/bake.ts';
import { testContext } from '../../helpers/context.ts';
import { fakeProgram } from '../../helpers/fake-program.ts';

/** Packer in little: `say` and `mark` write what the real one would, and QEMU's traces are put where it puts them. */
const PACKER = (version: string): string => `
if [ "$1" = --version ]; then echo ${version}; exit; fi
say() { printf '1795247665,,ui,%s,    qemu.unit: %s\\n' "$1" "$2"; }
`;

/** A process that has ended and waits to be reaped by its parent (state Z of proc(5)) does not run. */
function isRunning(pid: number): boolean {
  return existsSync(`/proc/${pid}/stat`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

interface Bake {
  run(): Promise<void>;
  folder: string;
  ctx: ReturnType<typeof testContext>;
  input: BakeInput;
}

function prepare(packer: string, change: Partial<BakeInput['behaviour']> = {}, version = '1.6.6', linked = false): Bake {
  const work = mkdtempSync(join(tmpdir(), 'unitsmith-test-'));
  const image = join(work, 'image');
  mkdirSync(join(image, 'scripts'), { recursive: true });
  writeFileSync(join(image, 'scripts/10-a'), '#!/bin/sh\n');
  for (const name of ['vmlinuz', 'initrd.img', 'payload.tar']) writeFileSync(join(work, name), name);
  execFileSync('qemu-img', ['create', '-q', '-f', 'raw', join(work, 'disk.raw'), '64M']);
  const path = `${fakeProgram('packer', PACKER(version) + packer)}:${process.env.PATH}`;
  const ctx = testContext({ cacheDir: join(work, 'cache'), env: { ...process.env, PATH: path } });
  const folder = join(work, 'stage');
  mkdirSync(linked ? join(work, 'elsewhere') : folder);
  if (linked) symlinkSync('elsewhere', folder);
  const input: BakeInput = {
    image: { folder: image, definition: { name: 'sphere', version: '1.0.0' } } as unknown as LoadedImage,
    disk: {
      disk: join(work, 'disk.raw'),
      rootUuid: 'U',
      kernel: join(work, 'vmlinuz'),
      initrd: join(work, 'initrd.img'),
    },
    diskId: 'd',
    payload: join(work, 'payload.tar'),
    acceleration: { kind: 'tcg', cpuModel: 'max', reason: '', timeoutFactor: 1 },
    behaviour: { onError: 'cleanup', ...change },
  };
  const run = async (): Promise<void> => {
    const cleanup = new Cleanup();
    try {
      await bakeStage.run(input, folder, ctx.ctx, cleanup);
    } finally {
      expect(await cleanup.run()).toEqual([]);
    }
  };
  return { run, folder, ctx, input };
}

/** As a bake with --keep-template does it. */
async function keep({ input, ctx }: Bake, target: string): Promise<void> {
  await withCleanup((cleanup) => writeTemplate(input, target, ctx.ctx, cleanup));
}

const SUCCESS = `
say message '@unitsmith started unpack'
echo console > serial.log
mkdir output
qemu-img create -q -f qcow2 -b "$PWD/overlay.qcow2" -F qcow2 output/disk.qcow2
say message '@unitsmith finished unpack'
`;

describe('bakeStage', () => {
  it('gives a disk that stands by itself, and the console', async () => {
    const bake = prepare(SUCCESS);
    await bake.run();
    expect(readdirSync(bake.folder).sort()).toEqual(['disk.qcow2', 'serial.log']);
    const info = JSON.parse(execFileSync('qemu-img', ['info', '--output=json', join(bake.folder, 'disk.qcow2')], { encoding: 'utf8' }));
    expect(info).toMatchObject({ format: 'qcow2', 'virtual-size': 64 * 2 ** 20 });
    expect(info['backing-filename']).toBeUndefined();
  });

  it('shows the output of a script that fails, and leaves nothing', async () => {
    const bake = prepare(`
      say message '@unitsmith started scripts/10-a'
      say message 'making things'
      say error 'sh: 3: frobnicate: not found'
      say message '@unitsmith failed scripts/10-a 127'
      say say 'Deleting output directory...'
      exit 1`);
    await expect(bake.run()).rejects.toMatchObject({
      exitCode: 6,
      message: 'scripts/10-a failed in the guest',
      excerpt: { lines: ['making things', 'sh: 3: frobnicate: not found'] },
    });
    expect(readdirSync(bake.folder)).toEqual([]);
    expect(bake.ctx.events).toContainEqual(expect.objectContaining({ type: 'output', source: 'scripts/10-a', line: 'making things' }));
  });

  it('shows the console where SSH never answers', async () => {
    const bake = prepare(
      `printf 'Begin: Mounting root\\r\\nALERT! UUID=U does not exist\\r\\n' > serial.log; say error 'Timeout waiting for SSH.'; exit 1`,
    );
    await expect(bake.run()).rejects.toMatchObject({
      exitCode: 6,
      message: expect.stringContaining('could not be reached by SSH'),
      excerpt: { lines: ['Begin: Mounting root', 'ALERT! UUID=U does not exist'] },
    });
  });

  const PANIC = `printf 'Kernel panic - not syncing: Fatal exception\\r\\n' > serial.log; echo x >> ../../tries; sleep 300 & wait`;

  it('bakes an emulated guest once more whose kernel panicked, and says so', async () => {
    const bake = prepare(`if [ ! -e ../../tries ]; then ${PANIC}; fi${SUCCESS}`);
    await bake.run();
    expect(readdirSync(bake.folder).sort()).toEqual(['disk.qcow2', 'serial.log']);
    expect(bake.ctx.events).toContainEqual(
      expect.objectContaining({ level: 'warning', text: expect.stringContaining('the kernel panicked: Fatal exception. Emulation') }),
    );
  });

  it('fails where it panics again, and leaves nothing', async () => {
    const bake = prepare(PANIC);
    await expect(bake.run()).rejects.toMatchObject({ exitCode: 6, why: 'the kernel panicked: Fatal exception' });
    expect(readFileSync(join(bake.folder, '../tries'), 'utf8')).toBe('x\nx\n');
    expect(readdirSync(bake.folder)).toEqual([]);
  });

  it('says so where QEMU does not start', async () => {
    const bake = prepare(`say error 'Error launching VM: exec: "qemu-system-x86_64": executable file not found'; exit 1`);
    await expect(bake.run()).rejects.toMatchObject({ message: 'Packer could not start the virtual machine' });
  });

  it('ends Packer and what it started on Ctrl-C, and leaves nothing', async () => {
    const bake = prepare(`echo booting > serial.log; sleep 300 & echo $! > qemu.pid; wait`);
    const running = bake.run();
    const pidFile = join(bake.folder, 'work/qemu.pid');
    while (!existsSync(pidFile) || readFileSync(pidFile, 'utf8').trim() === '') await new Promise((resolve) => setTimeout(resolve, 20));
    const pid = Number(readFileSync(pidFile, 'utf8'));
    bake.ctx.abort();
    await expect(running).rejects.toMatchObject({ name: 'Interrupted' });
    expect(isRunning(pid)).toBe(false);
    expect(readdirSync(bake.folder)).toEqual([]);
  });

  it.each([
    ['', false],
    [', also where the cache stands behind a link', true],
  ])('ends a machine that a dying Packer left behind%s', async (_, linked) => {
    const bake = prepare(
      `say message '@unitsmith started unpack'; setsid sleep 300 < /dev/null > /dev/null 2>&1 & echo $! > qemu.pid; cp qemu.pid "$PACKER_LOG_PATH.pid"; cp qemu.pid ../../pid; exit 1`,
      {},
      '1.6.6',
      linked,
    );
    await expect(bake.run()).rejects.toMatchObject({ message: 'The guest was lost during "unpack"' });
    const pid = Number(readFileSync(join(bake.folder, '../pid'), 'utf8'));
    expect(isRunning(pid)).toBe(false);
  });

  it('keeps the machine on request, and says how to get in and how to end it', async () => {
    const bake = prepare(
      `[ "$3" = -on-error=abort ] || exit 9
       say message '@unitsmith started unpack'
       setsid sleep 300 < /dev/null > /dev/null 2>&1 & echo $! > qemu.pid
       say message '@unitsmith failed unpack 1'; exit 1`,
      { onError: 'keep' },
    );
    await expect(bake.run()).rejects.toMatchObject({ message: 'The step "unpack" failed in the guest' });
    const [kept] = readdirSync(join(bake.ctx.ctx.cacheDir, 'kept'));
    const work = join(bake.ctx.ctx.cacheDir, 'kept', kept as string);
    const pid = Number(readFileSync(join(work, 'qemu.pid'), 'utf8'));
    try {
      expect(isRunning(pid)).toBe(true);
      const warnings = bake.ctx.events.filter((event) => event.type === 'message' && event.level === 'warning');
      const text = JSON.stringify(warnings);
      expect(text).toContain(`ssh -i ${join(work, 'key')}`);
      expect(text).toContain(`kill ${pid}; rm -rf ${work}`);
    } finally {
      process.kill(pid, 'SIGKILL');
    }
  });

  it('leaves nothing of a successful bake with keep', async () => {
    const bake = prepare(SUCCESS, { onError: 'keep' });
    await bake.run();
    expect(readdirSync(join(bake.ctx.ctx.cacheDir, 'kept'))).toEqual([]);
  });

  it('keeps the template with all that it needs, private', async () => {
    const target = join(mkdtempSync(join(tmpdir(), 'unitsmith-test-')), 'deep', 'template');
    await keep(prepare(SUCCESS), target);
    expect(statSync(target).mode & 0o077).toBe(0);
    expect(readdirSync(target)).toEqual(
      expect.arrayContaining([
        'README.txt',
        'bake',
        'initrd.img',
        'key',
        'overlay.qcow2',
        'payload.tar',
        'scripts',
        'unit.pkr.json',
        'vmlinuz',
      ]),
    );
    const template = JSON.parse(readFileSync(join(target, 'unit.pkr.json'), 'utf8'));
    expect(template.packer).toBeUndefined();
    expect(template.source.qemu.unit.iso_url).toBe('overlay.qcow2');
    expect(existsSync(join(target, 'output'))).toBe(false);
    expect(readdirSync(join(target, '..'))).toEqual(['template']);
  });

  it('replaces an earlier template, and nothing else', async () => {
    const target = join(mkdtempSync(join(tmpdir(), 'unitsmith-test-')), 'template');
    const bake = prepare(SUCCESS);
    mkdirSync(target);
    await keep(bake, target);
    const key = readFileSync(join(target, 'key'), 'utf8');
    await keep(bake, target);
    expect(readFileSync(join(target, 'key'), 'utf8')).not.toBe(key);

    writeFileSync(join(target, 'notes'), 'mine');
    await expect(keep(bake, target)).rejects.toMatchObject({ exitCode: 2, why: expect.stringContaining('notes') });
    expect(readFileSync(join(target, 'notes'), 'utf8')).toBe('mine');
  });

  it.each([
    [
      'with files of its own',
      (target: string) => {
        mkdirSync(target);
        writeFileSync(join(target, 'README.txt'), 'mine');
      },
    ],
    ['that is a file', (target: string) => writeFileSync(target, 'mine')],
  ])('refuses a template folder %s, and leaves it and what is beside it', async (_, make) => {
    const folder = mkdtempSync(join(tmpdir(), 'unitsmith-test-'));
    make(join(folder, 'template'));
    mkdirSync(join(folder, 'template.partial'));
    await expect(keep(prepare(SUCCESS), join(folder, 'template'))).rejects.toMatchObject({ exitCode: 2 });
    expect(readdirSync(folder, { recursive: true }).sort()).toEqual(expect.arrayContaining(['template', 'template.partial']));
    expect(execFileSync('grep', ['-rl', 'mine', folder], { encoding: 'utf8' })).toContain('template');
  });

  it('initialises plugins with Packer 1.7 and later', async () => {
    const bake = prepare(`[ "$1" = init ] && { grep -q required_plugins "$2"; exit; }\n${SUCCESS}`, {}, '1.11.2');
    await bake.run();
    expect(readdirSync(bake.folder)).toContain('disk.qcow2');
  });

  it('says so where the plugin cannot be fetched', async () => {
    const bake = prepare(`echo 'no route to github.com' >&2; exit 1`, {}, '1.11.2');
    await expect(bake.run()).rejects.toMatchObject({ exitCode: 4, excerpt: { lines: ['no route to github.com'] } });
  });
});
