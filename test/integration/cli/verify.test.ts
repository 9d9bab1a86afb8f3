import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';

import { ExitCode } from '../../../builder/kit/errors.ts';
import { Account, inProcess, type Outcome } from '../../helpers/cli-bundle.ts';

let account: Account;
beforeEach(() => {
  account = new Account();
});

const unitsmith = (...argv: string[]): Promise<Outcome> => inProcess(account, argv);

describe('verify', () => {
  test('help has examples and the words of a scenario', async () => {
    const { code, stdout } = await unitsmith('verify', '--help');
    expect(code).toBe(ExitCode.ok);
    expect(stdout).toContain('unitsmith verify sphere-0.1.0-amd64.qcow2 --matrix full --report verify.json');
    expect(stdout).toContain('lsisas1068');
  });

  test.each([
    [['verify', '/no/such/file'], /is not there/],
    [['verify', 'x', '--matrix', 'huge'], /there is no matrix `huge`/],
    [['verify', 'x', '--scenario', 'bios+ide+e1000'], /`ide` is no disk controller/],
    [['verify', 'x', '--memory', 'lots'], /a positive whole number/],
    [['verify'], /missing required argument/],
    [['verify', 'x', '--answers', '/no/such.yaml'], /There is no answers file \/no\/such\.yaml/],
  ])('%j is refused', async (argv, message) => {
    const { code, stderr } = await unitsmith(...argv);
    expect(code).toBe(ExitCode.usage);
    expect(stderr).toMatch(message);
  });
});

describe('try', () => {
  test.each([
    [['try', 'no-such-image'], /there is nothing to boot under the name no-such-image/],
    [['try', 'FILE'], /is no disk image/],
    [['try', 'FILE', '--finalise'], /there are no answers/],
    [['try', 'FILE', '--answers', '/no/such.yaml'], /There is no answers file/],
    [['try', 'FILE', '--firmware', 'coreboot'], /Allowed choices are bios, uefi/],
  ])('%j is refused', async (argv, message) => {
    const file = join(account.root, 'text.txt');
    writeFileSync(file, 'hello');
    const { code, stderr } = await unitsmith(...argv.map((word) => (word === 'FILE' ? file : word)));
    expect(code).toBe(ExitCode.usage);
    expect(stderr).toMatch(message);
  });
});
