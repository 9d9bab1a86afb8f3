import { Command } from 'commander';
import { expect, it } from 'vitest';

import { addOvfFlags, ovaOptionsGiven } from '../../../builder/cli/ovf-flags.ts';
import { ExitCode } from '../../../builder/kit/errors.ts';

function given(...args: string[]): string[] {
  return ovaOptionsGiven(addOvfFlags(new Command()).parse(args, { from: 'user' }));
}

it.each([
  ['nvme', '11', '13'],
  ['ahci', '9', '10'],
])('refuses the controller %s of hardware version %s, which has none', (controller, version, since) => {
  const args = ['--controller', controller, '--hardware-version', version];
  expect(() => given(...args)).toThrow(
    expect.objectContaining({
      exitCode: ExitCode.usage,
      message: `${args.join(' ')}: no host imports it`,
      remedies: expect.arrayContaining([`take it with --hardware-version ${since} or later`]),
    }),
  );
  expect(given('--controller', controller, '--hardware-version', since)).toEqual(['--controller', '--hardware-version']);
});

it('takes what every hardware version has', () => {
  expect(given('--controller', 'lsilogic', '--hardware-version', '8')).toEqual(['--controller', '--hardware-version']);
});
