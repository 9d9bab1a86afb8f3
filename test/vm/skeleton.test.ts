/**
 * What `unitsmith new` writes, the image `starter` under another name, bakes as it stands; and what goes wrong in a machine
 * is told, for real, on an image that is small. The failures take long where machines are emulated: `npm run test:full` has them.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ExitCode } from '../../builder/kit/errors.ts';
import { packageRoot } from '../../builder/kit/paths.ts';
import { errorOf, type Installed, installPackage, type Outcome, ordinaryUser, processesOf, unitsmith } from '../helpers/ordinary-user.ts';

const VIRTUAL = /qemu-system|packer|mmdebstrap/;
const FULL = process.env.UNITSMITH_TEST === 'full';

let installed: Installed;
let image: string;

beforeAll(async () => {
  installed = installPackage(ordinaryUser(), packageRoot());
  const made = await unitsmith(installed, ['new', 'hello']);
  expect(made.exitCode).toBe(0);
  image = join(installed.user.home, 'images', 'hello');
});

afterAll(() => installed?.user.remove());

const baked = (...options: string[]): Promise<Outcome> => unitsmith(installed, ['bake', 'hello', '--verify', 'none', ...options]);

describe('the skeleton', () => {
  it('bakes as it stands, and is proved', async () => {
    const outcome = await baked('--keep-template', 'template');
    expect(outcome.exitCode, errorOf(outcome)).toBe(0);
    const out = readdirSync(join(installed.user.home, 'out'));
    for (const ending of ['.ova', '.qcow2', '.proof.json']) expect(out.filter((name) => name.endsWith(ending))).toHaveLength(1);
    expect(processesOf(installed.user, VIRTUAL)).toEqual([]);
  });

  it("keeps Packer's template, which Packer itself takes", () => {
    const folder = join(installed.user.home, 'template');
    const template = readdirSync(folder).find((name) => name.endsWith('.pkr.json'));
    const [program, ...args] = installed.user.argv(['packer', 'validate', template ?? '']);
    expect(spawnSync(program as string, args, { cwd: folder, encoding: 'utf8' })).toMatchObject({ status: 0 });
  });
});

describe.skipIf(!FULL)('what goes wrong in a machine (runs with npm run test:full)', () => {
  it('a service that never gets ready fails the proof, with its journal', async () => {
    const restore = change('image.yaml', (text) =>
      text.replace('ready: { http: "http://127.0.0.1/", status: 301 }\n    timeout: 60', 'ready: { tcp: "127.0.0.1:81" }\n    timeout: 10'),
    );
    const outcome = await baked();
    restore();
    expect(outcome.exitCode).toBe(ExitCode.proof);
    expect(errorOf(outcome)).toMatch(/nginx.*not ready/);
    expect(errorOf(outcome)).toContain('127.0.0.1:81');
    expect(processesOf(installed.user, VIRTUAL)).toEqual([]);
  });

  it('--on-error keep leaves the machine of the bake, and a command line into it', async () => {
    execFileSync('install', ['-d', join(image, 'scripts')]);
    writeFileSync(join(image, 'scripts', '90-fails'), '#!/bin/sh\necho about to fail\nexit 3\n', { mode: 0o755 });
    const outcome = await baked('--on-error', 'keep');
    execFileSync('rm', ['-r', join(image, 'scripts')]);
    expect(outcome.exitCode).toBe(ExitCode.bake);
    expect(errorOf(outcome)).toContain('about to fail');
    const messages = outcome.events.filter(({ type }) => type === 'message').map(({ text }) => String(text));
    const ssh = messages.find((text) => text.includes('log in: '))?.split('log in: ')[1] ?? '';
    const end = messages.find((text) => text.includes('kill '))?.split('files: ')[1] ?? '';
    const run = (command: string): string => {
      const [program, ...args] = installed.user.argv(['sh', '-c', command]);
      return execFileSync(program as string, args, { encoding: 'utf8' });
    };
    expect(run(`${ssh} cat /etc/debian_version`)).toMatch(/^13/);
    run(end);
    expect(readdirSync(join(installed.user.home, '.cache', 'unitsmith', 'kept'))).toEqual([]);
  });

  it('a guest without SSH shows its console', async () => {
    const folder = join(image, 'before-install', 'etc', 'systemd', 'system');
    execFileSync('install', ['-d', folder]);
    for (const unit of ['ssh.service', 'ssh.socket']) execFileSync('ln', ['-s', '/dev/null', join(folder, unit)]);
    const outcome = await baked();
    execFileSync('rm', ['-r', join(image, 'before-install')]);
    expect(outcome.exitCode).toBe(ExitCode.bake);
    expect(errorOf(outcome)).toContain('could not be reached by SSH');
    expect(errorOf(outcome)).toMatch(/console.*systemd/);
    expect(processesOf(installed.user, VIRTUAL)).toEqual([]);
  });
});

/** Rewrites a file of the image. @returns what puts it back. */
function change(file: string, rewrite: (text: string) => string): () => void {
  const path = join(image, file);
  const before = readFileSync(path, 'utf8');
  const after = rewrite(before);
  expect(after).not.toBe(before);
  writeFileSync(path, after);
  return () => writeFileSync(path, before);
}
