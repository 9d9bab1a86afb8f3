/** The package as users have it, outside the checkout: everything that it needs is in it. No machine is booted here. */
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { packageRoot } from '../../builder/kit/paths.ts';
import { type Installed, installPackage, ordinaryUser } from '../helpers/ordinary-user.ts';

let installed: Installed;
/** The package's own files as npm installed them, with sizes and times. */
let fresh: string;

beforeAll(() => {
  installed = installPackage(ordinaryUser(), packageRoot());
  fresh = ownFiles();
});
afterAll(() => installed?.user.remove());

function ownFiles(): string {
  const root = join(installed.command, '..', '..', 'lib', 'node_modules', 'unitsmith');
  return execFileSync('find', [root, '-name', 'node_modules', '-prune', '-o', '-printf', '%P %s %T@\\n'], { encoding: 'utf8' });
}

/** Runs the command in the user's home, which has no images/ of its own. */
function unitsmith(...args: string[]): { code: number | null; stdout: string; stderr: string } {
  const [program = '', ...rest] = installed.user.argv([installed.command, ...args]);
  const { status, stdout, stderr } = spawnSync(program, rest, { cwd: installed.user.home, encoding: 'utf8' });
  return { code: status, stdout, stderr };
}

it('shows its help and its version', () => {
  expect(unitsmith('--help')).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('Usage: unitsmith') as string });
  expect(unitsmith('--version').stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

it('brings its images: by name, from any folder', () => {
  expect(unitsmith('list')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^sphere /m) as string });
  expect(unitsmith('check', 'sphere')).toMatchObject({ code: 0, stdout: expect.stringContaining('no errors') as string });
  // Found by its name: what stops it is that there is no package index yet.
  const bake = unitsmith('bake', 'sphere', '--offline', '--verify', 'none');
  expect(bake.stderr).toContain('is not in the cache');
  expect(bake.code).toBe(5);
  // Found as well, with its sample answers: what stops it is that this is no disk.
  execFileSync('sh', ['-c', `mkdir -p out && echo text > out/sphere-0.1.0-amd64.qcow2`], { cwd: installed.user.home });
  expect(unitsmith('try', 'sphere', '--finalise').stderr).toContain('out/sphere-0.1.0-amd64.qcow2 is no disk image');
});

it('writes the skeleton of an image, which is good, and bakes it as far as the archive', () => {
  expect(unitsmith('new', 'hello')).toMatchObject({ code: 0, stdout: expect.stringContaining('unitsmith bake hello') as string });
  expect(unitsmith('check', 'hello')).toMatchObject({ code: 0, stdout: expect.stringContaining('no errors, no warnings') as string });
  expect(unitsmith('bake', 'hello', '--offline', '--verify', 'none')).toMatchObject({ code: 5 });
});

it('writes nothing into its own folder', () => {
  expect(ownFiles()).toBe(fresh);
});
