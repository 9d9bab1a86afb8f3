import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { remediesOf } from '../../../builder/doctor/check.ts';
import { countIds } from '../../../builder/doctor/checks/namespaces.ts';
import { packerCheck, packerRemedies } from '../../../builder/doctor/checks/packer.ts';
import { compareVersions, programCheck } from '../../../builder/doctor/checks/program.ts';
import { PROGRAMS } from '../../../builder/doctor/checks/programs.ts';
import { lackOfMemory, lackOfSpace } from '../../../builder/doctor/checks/resources.ts';
import { testContext } from '../../helpers/context.ts';
import { fakeProgram } from '../../helpers/fake-program.ts';

const withPath = (folder: string) => testContext({ env: { ...process.env, PATH: `${folder}:/usr/bin:/bin` } }).ctx;

describe('programCheck', () => {
  const qemu = programCheck({
    name: 'fake-qemu',
    package: 'qemu-system-x86',
    purpose: 'boots images',
    version: { args: ['--version'], oldest: '7.0' },
  });

  it('gives the package of a program that is missing', async () => {
    const lack = await qemu.look(withPath('/nonexistent'));
    expect(lack).toMatchObject({ severity: 'error', packages: ['qemu-system-x86'] });
    expect(remediesOf(lack as NonNullable<typeof lack>)).toEqual(['sudo apt-get install qemu-system-x86']);
  });

  it('refuses an old version, and names both', async () => {
    const lack = await qemu.look(withPath(fakeProgram('fake-qemu', 'echo "QEMU emulator version 5.2.0 (Debian)"')));
    expect(lack?.message).toBe('fake-qemu 5.2.0 is too old: 7.0 or later is needed');
  });

  it('accepts a newer one, whichever stream it writes to', async () => {
    expect(await qemu.look(withPath(fakeProgram('fake-qemu', 'echo "QEMU emulator version 10.1.0" >&2')))).toBeUndefined();
  });

  it('does not take a broken program for a good one', async () => {
    expect((await qemu.look(withPath(fakeProgram('fake-qemu', 'exit 127'))))?.message).toContain('does not tell its version');
  });

  it('knows every program by one name', () => {
    expect(new Set(PROGRAMS.map(({ name }) => name)).size).toBe(PROGRAMS.length);
  });
});

it.each([
  ['7.2', '7.0', 1],
  ['7.0', '7.0.0', 0],
  ['2.9', '2.38', -1],
])('compareVersions(%s, %s)', (a, b, sign) => {
  expect(Math.sign(compareVersions(a, b))).toBe(sign);
});

describe('packer', () => {
  it('is a package on Debian 12, and is brought on 13', () => {
    expect(packerRemedies('bookworm')).toEqual({ packages: ['packer'] });
    const { remedies, packages } = packerRemedies('trixie');
    expect(packages).toBeUndefined();
    expect(remedies?.join('\n')).toMatch(/developer\.hashicorp\.com.*\n.*packer plugins install/);
  });

  it('is refused when too old', async () => {
    const lack = await packerCheck.look(withPath(fakeProgram('packer', 'echo 1.3.4')));
    expect(lack).toMatchObject({ severity: 'error', message: expect.stringContaining('Packer 1.3.4 is not supported') });
  });
});

describe('countIds', () => {
  const text = 'root:100000:65536\nada:165536:65536\n1001:300000:1000\n';
  it.each([
    ['ada', 1000, 65536],
    ['bob', 1001, 1000],
    ['eve', 1002, 0],
  ])('%s', (user, uid, count) => {
    expect(countIds(text, user, uid)).toBe(count);
  });
});

describe('resources', () => {
  it('finds a disk that is too small for what is to come, in a folder that is not there yet', async () => {
    const folder = `${mkdtempSync(`${tmpdir()}/unitsmith-test-`)}/not/yet`;
    const need = { folder, purpose: 'the cache', option: '--cache-dir' };
    expect(await lackOfSpace({ ...need, bytes: 1 })).toBeUndefined();
    const lack = await lackOfSpace({ ...need, bytes: 2 ** 60 });
    expect(lack?.message).toContain('are needed for the cache');
    expect(lack?.remedies?.at(-1)).toBe('or name another folder: --cache-dir FOLDER');
  });

  it('finds too little memory', async () => {
    expect(await lackOfMemory(2 ** 60)).toMatchObject({ severity: 'error' });
    expect(await lackOfMemory(1)).toBeUndefined();
  });
});
