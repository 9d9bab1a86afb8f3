import { describe, expect, it } from 'vitest';

import type { HostCheck } from '../../../builder/doctor/check.ts';
import { examine, missingPackages } from '../../../builder/doctor/examine.ts';
import { aptCommand } from '../../../builder/doctor/fix.ts';
import { preflight, requireTools } from '../../../builder/doctor/preflight.ts';
import { UserError } from '../../../builder/kit/errors.ts';
import { testContext } from '../../helpers/context.ts';

const nothing = () => testContext({ env: { PATH: '/nonexistent' } }).ctx;

describe('preflight', () => {
  it('names everything that is lacking at once', async () => {
    const needs = {
      diskBytes: 2 ** 33,
      memoryBytes: 2 ** 60,
      out: '/nonexistent',
      uefi: true,
      kinds: ['maven', 'pypi', 'url'],
      image: 'shop',
    };
    const error = await preflight(nothing(), needs).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(UserError);
    const { exitCode, problems, remedies } = error as UserError;
    expect(exitCode).toBe(4);
    const messages = problems.map(({ message }) => message).join('\n');
    expect(messages).toContain('mmdebstrap is not installed');
    expect(messages).toContain('Packer is not installed');
    expect(messages).toContain('mvn is not installed');
    expect(messages).toContain('pip for Python 3 is not installed');
    expect(messages).toMatch(/of memory are available/);
    expect(problems[0]?.suggestion).toBe('sudo apt-get install mmdebstrap');
    expect(remedies).toEqual(['install all Debian packages at once: unitsmith doctor --fix shop']);
  });
});

describe('requireTools', () => {
  it('looks at the named programs alone', async () => {
    await expect(requireTools(['qemu-img'], nothing())).rejects.toMatchObject({
      problems: [{ message: expect.stringContaining('qemu-img') }],
    });
    await expect(requireTools([], nothing())).resolves.toBeUndefined();
  });

  it('does not let a name slip that no check knows', async () => {
    await expect(requireTools(['qemu-omg'], nothing())).rejects.toThrow('no check knows qemu-omg');
  });
});

it('packages of several findings are one list', async () => {
  const check = (name: string, packages: string[]): HostCheck => ({
    name,
    purpose: '',
    look: async () => ({ severity: 'error', message: name, packages }),
  });
  const findings = await examine(nothing(), [check('a', ['z', 'b']), check('b', ['b'])]);
  expect(missingPackages(findings)).toEqual(['b', 'z']);
});

it.each([
  [true, 'apt-get', ['install', 'ovmf']],
  [false, 'sudo', ['apt-get', 'install', 'ovmf']],
])('root: %s installs by %s', (root, program, args) => {
  expect(aptCommand(['install', 'ovmf'], root)).toEqual({ program, args });
});
