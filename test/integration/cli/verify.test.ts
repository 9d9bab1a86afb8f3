import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';

import { loadImage } from '../../../builder/definition/load.ts';
import { ExitCode } from '../../../builder/kit/errors.ts';
import { sha256 } from '../../../builder/kit/hash.ts';
import { Account, inProcess, type Outcome } from '../../helpers/cli-bundle.ts';
import { testContext } from '../../helpers/context.ts';

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

describe('the answers of verify', () => {
  /** A file that cannot be booted, and beside it the provenance of an image that is here. */
  async function bakedOfStarter(definition?: string, files?: { name: string; sha256: string }[]): Promise<string> {
    const { hash } = await loadImage('starter', testContext().ctx);
    const file = join(account.root, 'starter-0.1.0-amd64.qcow2');
    writeFileSync(file, 'no disk');
    const provenance = { schemaVersion: 1, image: { name: 'starter', version: '0.1.0', definition: definition ?? hash }, files };
    writeFileSync(file.replace('.qcow2', '.provenance.json'), JSON.stringify(provenance));
    return file;
  }

  test('are the sample of the image that the file was baked of, and it says so', async () => {
    const { stderr } = await unitsmith('verify', await bakedOfStarter());
    expect(stderr).toContain('Set up with the sample answers of starter');
    expect(stderr).toMatch(/is no disk image/);
  });

  test('are none with --no-answers', async () => {
    const { stderr } = await unitsmith('verify', await bakedOfStarter(), '--no-answers');
    expect(stderr).not.toMatch(/sample answers|probes/);
    expect(stderr).toMatch(/is no disk image/);
  });

  test('are none where the definition is another by now, and it says so', async () => {
    const { stderr } = await unitsmith('verify', await bakedOfStarter('0'.repeat(64)));
    expect(stderr).toMatch(/as they ship.*the definition of starter that is here is not the one/);
  });

  test.each([
    ['is', sha256('no disk'), /Set up with the sample answers of starter/],
    ['was replaced', sha256('another disk'), /as they ship.*is of another bake/],
  ])('are the sample where the provenance tells of this very file; it %s', async (_how, hash, message) => {
    const { stderr } = await unitsmith('verify', await bakedOfStarter(undefined, [{ name: 'starter-0.1.0-amd64.qcow2', sha256: hash }]));
    expect(stderr).toMatch(message);
  });

  test('are none where the provenance tells of other files only', async () => {
    expect((await unitsmith('verify', await bakedOfStarter(undefined, []))).stderr).toMatch(/as they ship.*is of another bake/);
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
