import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';

import { register } from '../../../builder/cli/lock.ts';
import { type Edge, runCli } from '../../../builder/cli/runtime.ts';
import type { Lock } from '../../../builder/definition/lock.ts';
import { writeSkeleton } from '../../../builder/definition/skeleton.ts';
import { ExitCode } from '../../../builder/kit/errors.ts';
import { basePackages } from '../../../builder/payload/base.ts';
import { makeAptRepository } from '../../helpers/apt-repository.ts';

class Sink extends Writable {
  text = '';
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

let archive: string;
let cwd: string;
let image: string;

/** An archive that has what the engine and the skeleton ask for, by name. */
beforeAll(async () => {
  archive = mkdtempSync(join(tmpdir(), 'archive-'));
  const skeleton = await writeSkeleton('probe', mkdtempSync(join(tmpdir(), 'probe-')));
  const { packages } = parse(readFileSync(join(skeleton, 'image.yaml'), 'utf8')) as { packages: string[] };
  const names = [...new Set([...basePackages({}), ...basePackages({ kernel: 'cloud' }), ...packages, 'apt'])];
  makeAptRepository(archive, [{ name: 'base-files', fields: ['Essential: yes'] }, ...names.map((name) => ({ name }))]);
});
beforeEach(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'lock-cli-'));
  vi.spyOn(process, 'cwd').mockReturnValue(cwd);
  image = await writeSkeleton('shop', join(cwd, 'images'));
});
afterEach(() => {
  vi.restoreAllMocks();
});

async function lock(...argv: string[]): Promise<{ code: ExitCode; stdout: string; stderr: string }> {
  const stdout = new Sink();
  const stderr = new Sink();
  const env = { HOME: cwd, PATH: process.env.PATH, UNITSMITH_APT_MIRROR: `deb [trusted=yes] file:${archive} ./` };
  const edge = { env, stdout, stderr, onSignal: () => () => undefined } as unknown as Edge;
  const code = await runCli(edge, '0.0.0', [register], [...argv]);
  return { code, stdout: stdout.text, stderr: stderr.text };
}

const locked = (): Lock => JSON.parse(readFileSync(join(image, 'lock.json'), 'utf8')) as Lock;

describe('unitsmith lock', () => {
  it('writes the lock, the same bytes each time', async () => {
    const first = await lock('lock', 'shop');
    expect(first).toMatchObject({
      code: ExitCode.ok,
      stdout: expect.stringMatching(/images\/shop\/lock\.json: \d+ packages, 0 artifacts/),
    });
    const bytes = readFileSync(join(image, 'lock.json'));
    expect(locked().packages.map(({ name }) => name)).toEqual(expect.arrayContaining(['base-files', 'systemd-sysv']));
    expect((await lock('lock', 'shop')).stdout).toContain('nothing changed');
    expect(readFileSync(join(image, 'lock.json')).equals(bytes)).toBe(true);
  });

  it('says what changed since', async () => {
    await lock('lock', 'shop');
    const before = locked();
    const packages = before.packages.map((entry) => (entry.name === 'sudo' ? { ...entry, version: '0.9' } : entry));
    const gone = { name: 'zzz', version: '1', sha256: 'a'.repeat(64) };
    writeFileSync(join(image, 'lock.json'), JSON.stringify({ ...before, packages: [...packages, gone] }));
    const { stdout } = await lock('lock', 'shop');
    expect(stdout).toContain('  ~ sudo 0.9 -> 1.0');
    expect(stdout).toContain('  - zzz 1');
    expect(locked()).toEqual(before);
  });

  it('locks every image of the project where none is named, and none of the package', async () => {
    const other = await writeSkeleton('other', join(cwd, 'images'));
    const { code, stdout } = await lock('--json', 'lock');
    expect(code).toBe(ExitCode.ok);
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; data?: { images: { file: string }[] } }); // prettier-ignore
    const files = events.find(({ type }) => type === 'result')?.data?.images.map(({ file }) => file);
    expect(files?.sort()).toEqual([join(other, 'lock.json'), join(image, 'lock.json')]);
  });

  it('writes over a damaged lock', async () => {
    writeFileSync(join(image, 'lock.json'), '{');
    expect((await lock('lock', 'shop')).code).toBe(ExitCode.ok);
    expect(locked().schemaVersion).toBe(1);
  });

  it('leaves the old lock alone where something fails', async () => {
    writeFileSync(join(image, 'lock.json'), '{"old": true}');
    const { code, stderr } = await lock('lock', 'shop', '--offline');
    expect(code).toBe(ExitCode.source);
    expect(stderr).toContain('not in the cache');
    expect(readFileSync(join(image, 'lock.json'), 'utf8')).toBe('{"old": true}');
  });

  it('shows examples', async () => {
    expect((await lock('lock', '--help')).stdout).toContain('unitsmith lock sphere');
  });
});
