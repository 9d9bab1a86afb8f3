import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { Cleanup } from '../../../builder/kit/cleanup.ts';
import { ExitCode, Interrupted, UserError } from '../../../builder/kit/errors.ts';
import { tiedToUs } from '../../../builder/tools/tied.ts';
import { boot, bootToSsh } from '../../../builder/vm/boot.ts';
import { GuestFailure, GuestPanic, type Machine } from '../../../builder/vm/machine.ts';
import { overlay } from '../../../builder/vm/overlay.ts';
import { findOvmf } from '../../../builder/vm/ovmf.ts';
import type { Acceleration, MachineSpec } from '../../../builder/vm/spec.ts';
import { deadlineIn } from '../../../builder/vm/wait.ts';
import { testContext } from '../../helpers/context.ts';

const tcg: Acceleration = { kind: 'tcg', cpuModel: 'max', reason: 'a test', timeoutFactor: 1 };
let folder: string;
let cleanup: Cleanup;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'unitsmith-boot-'));
  cleanup = new Cleanup();
});
afterEach(async () => {
  await cleanup.run();
  rmSync(folder, { recursive: true, force: true });
});

/** A context whose PATH starts with a folder of fake programs. */
function faked(programs: Record<string, string>) {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  return testContext({ cacheDir: join(folder, 'cache'), env: { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH']}` } });
}

function spec(more: Partial<MachineSpec> = {}): MachineSpec {
  return {
    name: 'trial',
    firmware: 'bios',
    controller: 'pvscsi',
    nic: 'vmxnet3',
    cpus: 1,
    memoryMiB: 128,
    disk: { path: join(folder, 'disk.raw'), format: 'raw' },
    uuid: '92f566e2-4110-4a9d-9ac3-f13c6c06ca8f',
    ...more,
  };
}

function emptyDisk(): void {
  writeFileSync(join(folder, 'disk.raw'), Buffer.alloc(1 << 20));
}

function leftovers(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('unitsmith-vm-'));
}

describe('QEMU that does not work', () => {
  test('missing: what to install', async () => {
    const { ctx } = testContext({ env: { ...process.env, PATH: join(folder, 'nothing') } });
    await expect(boot(ctx, spec(), tcg, cleanup)).rejects.toThrow();
    const bin = faked({ 'ssh-keygen': 'exec /usr/bin/ssh-keygen "$@"' });
    const alone = { ...bin.ctx, env: { ...bin.ctx.env, PATH: join(folder, 'bin') } };
    const missing = { exitCode: ExitCode.host, message: 'QEMU is not installed' };
    await expect(boot(alone, spec(), tcg, cleanup)).rejects.toMatchObject(missing);
    symlinkSync('/usr/bin/setpriv', join(folder, 'bin', 'setpriv'));
    await expect(boot(alone, spec(), tcg, cleanup)).rejects.toMatchObject(missing);
  });

  test('ends with whoever started it, even where that is killed', async () => {
    const [program, args] = tiedToUs('sleep', ['600']);
    const script = `const { pid } = require('node:child_process').spawn(${JSON.stringify(program)}, ${JSON.stringify(args)}, { detached: true });
      console.log(pid); setInterval(() => undefined, 1000);`;
    const starter = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const pid = Number(String((await once(starter.stdout, 'data'))[0]));
    await expect.poll(() => readFileSync(`/proc/${pid}/comm`, 'utf8'), { timeout: 10_000 }).toBe('sleep\n');
    starter.kill('SIGKILL');
    await expect.poll(() => existsSync(`/proc/${pid}`), { timeout: 10_000 }).toBe(false);
  });

  test('refusing: what it said', async () => {
    const { ctx } = faked({ 'qemu-system-x86_64': 'echo "qemu-system-x86_64: -device pvscsi: no such device" >&2; exit 1' });
    await expect(boot(ctx, spec(), tcg, cleanup)).rejects.toMatchObject({
      exitCode: ExitCode.tool,
      why: 'qemu-system-x86_64: -device pvscsi: no such device',
    });
  });

  test('a forward that was taken meanwhile is tried with another port', async () => {
    const { ctx, events } = faked({ 'qemu-system-x86_64': 'echo "Could not set up host forwarding rule" >&2; exit 1' });
    await expect(boot(ctx, spec(), tcg, cleanup)).rejects.toThrow(UserError);
    const starts = events.filter((event) => event.type === 'message' && event.text.includes(' qemu-system-x86_64 -name '));
    expect(starts).toHaveLength(3);
  });

  test('no firmware for UEFI: what to install', async () => {
    await expect(findOvmf([{ code: join(folder, 'code'), variables: join(folder, 'vars') }])).rejects.toMatchObject({
      exitCode: ExitCode.host,
      remedies: ['On Debian or Ubuntu: sudo apt-get install ovmf'],
    });
  });
});

describe('a real QEMU with an empty disk', () => {
  test('boots nothing: the wait ends with what the console shows, and nothing is left behind', async () => {
    emptyDisk();
    const before = leftovers();
    const { ctx } = testContext({ cacheDir: join(folder, 'cache') });
    const disk = await overlay(ctx, join(folder, 'disk.raw'), cleanup, 2 << 20);
    const machine = await boot(ctx, spec({ disk, scan: true }), tcg, cleanup);
    const waited = machine.waitForSsh(deadlineIn(2));
    await expect(waited).rejects.toThrow(GuestFailure);
    await expect(waited).rejects.toMatchObject({
      exitCode: ExitCode.tool,
      message: 'SSH never came up on trial (waited 2 s)',
      why: expect.stringContaining('nothing to boot'),
    });
    expect(await machine.forward(80)).toBeGreaterThan(1023);
    expect(await machine.forward(80)).toBe(await machine.forward(80));
    await cleanup.run();
    expect(await ended(machine)).toBe(true);
    expect(leftovers()).toEqual(before);
  });

  test('a cancelled wait ends at once, and the machine with it', async () => {
    emptyDisk();
    const { ctx, abort } = testContext({ cacheDir: join(folder, 'cache') });
    const machine = await boot(ctx, spec(), tcg, cleanup);
    const waiting = machine.waitForSsh(deadlineIn(60));
    setTimeout(() => abort(new Interrupted('SIGINT')), 300);
    await expect(waiting).rejects.toThrow(Interrupted);
    await cleanup.run();
    expect(await ended(machine)).toBe(true);
  });

  test('the key of before lets in again', async () => {
    emptyDisk();
    const { ctx, events } = testContext({ cacheDir: join(folder, 'cache') });
    const first = await boot(ctx, spec(), tcg, cleanup);
    const { key } = first.spec;
    await first.stop();
    expect((await boot(ctx, spec({ key }), tcg, cleanup)).spec.key).toEqual(key);
    const credential = `ssh.authorized_keys.root=${Buffer.from(key.publicKey).toString('base64')}`;
    const starts = events.flatMap((event) =>
      event.type === 'message' && event.text.includes(' qemu-system-x86_64 -name ') ? [event.text] : [],
    );
    expect(starts.filter((line) => line.includes(credential))).toHaveLength(2);
  });

  test('a power cut ends it at once, and it shows its screen until then', async () => {
    emptyDisk();
    const { ctx } = testContext({ cacheDir: join(folder, 'cache') });
    const machine = await boot(ctx, spec(), tcg, cleanup);
    await machine.execute('screendump', { filename: join(folder, 'screen.ppm') });
    expect(readFileSync(join(folder, 'screen.ppm')).subarray(0, 2).toString()).toBe('P6');
    await expect(machine.execute('no-such-command')).rejects.toThrow('no-such-command');
    await machine.cut();
    // Not by a signal that QEMU could act on.
    expect(await machine.ended).toBeUndefined();
    await expect(machine.execute('query-status')).rejects.toThrow('closed');
  });

  test('QEMU killed from outside is noticed while waiting', async () => {
    emptyDisk();
    const { ctx } = testContext({ cacheDir: join(folder, 'cache') });
    const machine = await boot(ctx, spec(), tcg, cleanup);
    const waiting = machine.waitForSerial(/never/, deadlineIn(60));
    setTimeout(() => void machine.stop(), 300);
    await expect(waiting).rejects.toThrow('QEMU ended while trial was booting');
  });

  test.each(['pvscsi', 'ahci', 'nvme', 'virtio-scsi', 'virtio-blk', 'lsisas1068'] as const)(
    '%s: QEMU takes the whole command line, with a data disk and a CD',
    async (controller) => {
      emptyDisk();
      writeFileSync(join(folder, 'data.raw'), Buffer.alloc(1 << 20));
      writeFileSync(join(folder, 'cd, 1.iso'), Buffer.alloc(1 << 16));
      const { ctx } = testContext({ cacheDir: join(folder, 'cache') });
      const nic = {
        pvscsi: 'vmxnet3',
        ahci: 'e1000',
        nvme: 'virtio',
        'virtio-scsi': 'vmxnet3',
        'virtio-blk': 'e1000',
        lsisas1068: 'virtio',
      } as const;
      const dataDisks = [{ path: join(folder, 'data.raw'), format: 'raw' as const }];
      const machine = await boot(
        ctx,
        spec({ controller, nic: nic[controller], dataDisks, cdroms: [join(folder, 'cd, 1.iso')] }),
        tcg,
        cleanup,
      );
      await machine.stop();
      expect(await ended(machine)).toBe(true);
    },
  );
});

async function ended(machine: Machine): Promise<boolean> {
  return await Promise.race([machine.ended.then(() => true), new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 2000))]);
}

describe('a kernel that panics', () => {
  /** A boot sector that writes to the serial port what a kernel says at its end, and halts. */
  function panicking(): string {
    const path = join(folder, 'panics.raw');
    const code = '31c08ed8be167cbaf803fcac84c07403eeebf8f4ebfd';
    const sector = Buffer.alloc(1 << 20);
    Buffer.from(code, 'hex').copy(sector);
    sector.write('Kernel panic - not syncing: spoiled\r\n', code.length / 2, 'latin1');
    sector.writeUInt16LE(0xaa55, 510);
    writeFileSync(path, sector);
    return path;
  }

  test('is booted once more from what is made anew, and no third time', async () => {
    const { ctx, events } = testContext({ cacheDir: join(folder, 'cache') });
    const disk = { path: panicking(), format: 'raw' as const };
    const machines: Machine[] = [];
    let specs = 0;
    const booted = bootToSsh(
      ctx,
      {
        spec: async () => {
          specs += 1;
          return spec({ controller: 'virtio-blk', disk });
        },
        seconds: 60,
        made: (machine) => machines.push(machine),
      },
      tcg,
      cleanup,
    );
    await expect(booted).rejects.toThrow(GuestPanic);
    await expect(booted).rejects.toMatchObject({ why: 'the kernel panicked: spoiled' });
    expect(specs).toBe(2);
    expect(events.filter(({ type, ...event }) => type === 'message' && 'level' in event && event.level === 'warning')).toHaveLength(1);
    await Promise.all(machines.map(({ ended }) => ended));
  });
});
