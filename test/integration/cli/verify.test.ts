import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { type Edge, runCli } from '../../../builder/cli/runtime.ts';
import { register as tryCommand } from '../../../builder/cli/try.ts';
import { register as verifyCommand } from '../../../builder/cli/verify.ts';
import { ExitCode } from '../../../builder/kit/errors.ts';

class Sink extends Writable {
  text = '';
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'unitsmith-verify-cli-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

async function unitsmith(...argv: string[]): Promise<{ code: ExitCode; stdout: string; stderr: string }> {
  const stdout = new Sink();
  const stderr = new Sink();
  const env = { HOME: home, PATH: process.env['PATH'] };
  const edge = { env, stdout, stderr, onSignal: () => () => undefined } as unknown as Edge;
  const code = await runCli(edge, '0.0.0', [verifyCommand, tryCommand], argv);
  return { code, stdout: stdout.text, stderr: stderr.text };
}

describe('verify', () => {
  test('help has examples and the words of a scenario', async () => {
    const { code, stdout } = await unitsmith('verify', '--help');
    expect(code).toBe(ExitCode.ok);
    expect(stdout).toContain('unitsmith verify sphere-1.0.0.qcow2 --matrix full --report verify.json');
    expect(stdout).toContain('lsisas1068');
  });

  test.each([
    [['verify', '/no/such/file'], /is not there/],
    [['verify', 'x', '--matrix', 'huge'], /there is no matrix `huge`/],
    [['verify', 'x', '--scenario', 'bios+ide+e1000'], /`ide` is no disk controller/],
    [['verify', 'x', '--memory', 'lots'], /a positive whole number/],
    [['verify'], /missing required argument/],
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
    [['try', 'FILE', '--firmware', 'coreboot'], /Allowed choices are bios, uefi/],
  ])('%j is refused', async (argv, message) => {
    const file = join(home, 'text.txt');
    writeFileSync(file, 'hello');
    const { code, stderr } = await unitsmith(...argv.map((word) => (word === 'FILE' ? file : word)));
    expect(code).toBe(ExitCode.usage);
    expect(stderr).toMatch(message);
  });
});
