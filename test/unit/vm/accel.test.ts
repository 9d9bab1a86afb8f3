import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { bootSector } from '../../../builder/vm/accel/boot-sector.ts';
import { detectAcceleration, hasVirtualisationFlag } from '../../../builder/vm/accel.ts';
import { testContext } from '../../helpers/context.ts';
import { fakeProgram } from '../../helpers/fake-program.ts';

const INTEL = 'processor\t: 0\nflags\t\t: fpu vme vmx ssse3\n';
const NONE = 'processor\t: 0\nflags\t\t: fpu vme hypervisor\nvmx flags\t: ept\n';

function host(cpuinfo: string, device = true) {
  const folder = mkdtempSync(join(tmpdir(), 'unitsmith-test-'));
  writeFileSync(join(folder, 'cpuinfo'), cpuinfo);
  if (device) writeFileSync(join(folder, 'kvm'), '');
  return { cpuinfo: join(folder, 'cpuinfo'), device: join(folder, 'kvm'), patience: 10 };
}

function withQemu(body: string) {
  const path = `${fakeProgram('qemu-system-x86_64', body)}:${process.env.PATH}`;
  return testContext({ env: { ...process.env, PATH: path } });
}

it.each([
  [INTEL, true],
  ['flags : svm\n', true],
  [NONE, false],
  ['model name: vmx\n', false],
])('hasVirtualisationFlag(%j)', (cpuinfo, expected) => {
  expect(hasVirtualisationFlag(cpuinfo)).toBe(expected);
});

describe('detectAcceleration', () => {
  it('lets the flags decide first: a device that opens proves nothing', async () => {
    const { ctx } = withQemu('exit 67');
    const found = await detectAcceleration(ctx, host(NONE));
    expect(found).toMatchObject({ kind: 'tcg', cpuModel: 'max' });
    expect(found.timeoutFactor).toBeGreaterThan(1);
  });

  it('takes KVM where the test guest came through', async () => {
    const { ctx } = withQemu('exit 67');
    expect(await detectAcceleration(ctx, host(INTEL))).toMatchObject({ kind: 'kvm', cpuModel: 'host', timeoutFactor: 1 });
  });

  it('says why where there is no device', async () => {
    const { ctx } = withQemu('exit 67');
    expect((await detectAcceleration(ctx, host(INTEL, false))).reason).toContain('does not exist');
  });

  it('falls back where QEMU aborts, with its words', async () => {
    const { ctx } = withQemu('echo "failed to set MSR 0x10a" >&2; exit 134');
    expect(await detectAcceleration(ctx, host(INTEL))).toMatchObject({ kind: 'tcg', reason: expect.stringContaining('failed to set MSR') });
  });

  it('falls back where the guest hangs', async () => {
    const { ctx } = withQemu('exec sleep 60');
    const found = await detectAcceleration(ctx, { ...host(INTEL), patience: 0.5 });
    expect(found).toMatchObject({ kind: 'tcg', reason: expect.stringContaining('does not run it') });
  });
});

describe('bootSector', () => {
  it.skipIf(!existsSync('/usr/bin/as'))('is what its source assembles to', () => {
    const folder = mkdtempSync(join(tmpdir(), 'unitsmith-test-'));
    const source = join(import.meta.dirname, '../../../builder/vm/accel/boot-sector.s');
    execFileSync('as', ['-o', join(folder, 'boot.o'), source]);
    execFileSync('ld', ['-N', '-Ttext', '0x7c00', '-o', join(folder, 'boot.elf'), join(folder, 'boot.o')], { stdio: 'ignore' });
    execFileSync('objcopy', ['-O', 'binary', '-j', '.text', join(folder, 'boot.elf'), join(folder, 'boot.bin')]);
    expect(readFileSync(join(folder, 'boot.bin')).equals(bootSector())).toBe(true);
  });
});
