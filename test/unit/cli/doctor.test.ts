import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';

import { register, summary } from '../../../builder/cli/doctor.ts';
import { type Edge, runCli } from '../../../builder/cli/runtime.ts';
import type { Finding } from '../../../builder/doctor/check.ts';
import { PROGRAMS } from '../../../builder/doctor/checks/programs.ts';
import { fakeProgram } from '../../helpers/fake-program.ts';

class Sink extends Writable {
  text = '';
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

async function doctor(path: string, ...argv: string[]): Promise<{ code: number; stdout: string }> {
  const stdout = new Sink();
  const home = mkdtempSync(join(tmpdir(), 'unitsmith-test-'));
  const edge = { env: { HOME: home, PATH: path }, stdout, stderr: new Sink(), onSignal: () => () => undefined } as unknown as Edge;
  const code = await runCli(edge, '0.0.0', [register], ['doctor', ...argv]);
  return { code, stdout: stdout.text };
}

/** Every program at version 99, so that only what a test takes away is lacking; the host's own come after. */
function allPrograms(except: readonly string[] = []): string {
  let folder = fakeProgram('packer', 'echo 1.6.6');
  for (const { name } of PROGRAMS) if (!except.includes(name)) folder = fakeProgram(name, 'echo 99.0', folder);
  return folder;
}

describe('doctor', () => {
  it('gives findings and the packages that mend them as data', async () => {
    const stdout = new Sink();
    const home = mkdtempSync(join(tmpdir(), 'unitsmith-test-'));
    const edge = {
      env: { HOME: home, PATH: '/nonexistent' },
      stdout,
      stderr: new Sink(),
      onSignal: () => () => undefined,
    } as unknown as Edge;
    expect(await runCli(edge, '0.0.0', [register], ['--json', 'doctor'])).toBe(4);
    const events = stdout.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(events.filter(({ type }) => type === 'finding').map(({ rule }) => rule)).toEqual(
      expect.arrayContaining(['mmdebstrap', 'packer', 'qemu-img']),
    );
    const data = events.find(({ type }) => type === 'result')?.['data'];
    expect(data).toMatchObject({ ready: false, packages: expect.arrayContaining(['mmdebstrap', 'qemu-utils']) });
  });

  it('refuses an old QEMU with exit code 4, and says which would do', async () => {
    const folder = fakeProgram('qemu-system-x86_64', 'echo "QEMU emulator version 4.2.1"', allPrograms());
    const { code, stdout } = await doctor(`${folder}:/usr/bin:/bin`);
    expect(code).toBe(4);
    expect(stdout).toContain('qemu-system-x86');
  });

  it('has help with examples', async () => {
    const { code, stdout } = await doctor('/usr/bin', '--help');
    expect(code).toBe(0);
    expect(stdout).toContain('unitsmith doctor --fix');
    expect(stdout).toContain('Debian 13 has none');
  });
});

describe('summary', () => {
  const finding = (packages: string[], remedies: string[] = []): Finding => ({
    severity: 'error',
    message: '',
    packages,
    remedies,
    check: { name: '', purpose: '', look: async () => undefined },
  });

  it('gives one command for all packages, and what no package mends', () => {
    expect(summary([finding(['qemu-utils']), finding(['mmdebstrap', 'qemu-utils']), finding([], ['bring Packer'])], 20)).toBe(
      [
        'This machine lacks 3 of 20 things that baking needs.',
        '',
        'Install what is missing:',
        '  sudo apt-get install mmdebstrap qemu-utils',
        '',
        'And:',
        '  bring Packer',
      ].join('\n'),
    );
  });

  it('is content where only information is left', () => {
    expect(summary([{ ...finding([]), severity: 'info' }], 20)).toContain('has all that baking needs');
  });
});
