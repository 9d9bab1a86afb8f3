import { createHash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { ExitCode, type UserError } from '../../../../builder/kit/errors.ts';
import { isIntact } from '../../../../builder/sources/npm/archives.ts';
import { readProject, withoutRegistries } from '../../../../builder/sources/npm/package-lock.ts';
import { packArgs, packedName } from '../../../../builder/tools/npm.ts';

function projectOf(packages: Record<string, unknown>): string {
  const folder = mkdtempSync(join(tmpdir(), 'project-'));
  writeFileSync(join(folder, 'package.json'), '{}');
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ lockfileVersion: 3, packages: { '': {}, ...packages } }, undefined, 2));
  return folder;
}
const failureOf = async (folder: string): Promise<UserError> => (await readProject(folder).catch((error: unknown) => error)) as UserError;
const plain = { version: '1.0.0', integrity: 'sha512-x' };

describe('readProject', () => {
  it('takes what the guest can use, wherever it stands', async () => {
    const { packages, links } = await readProject(
      projectOf({
        'node_modules/a': { ...plain, license: 'MIT', bin: { a: 'cli.js' }, hasInstallScript: true },
        'node_modules/a/node_modules/@s/b': { version: '2.0.0', inBundle: true },
        'node_modules/alias': { ...plain, name: 'real', dev: true },
        'node_modules/mac': { ...plain, optional: true, os: ['darwin'] },
        'node_modules/no-linux': { ...plain, optional: true, os: ['!linux'] },
        'node_modules/musl': { ...plain, optional: true, os: ['linux'], cpu: ['x64'], libc: ['musl'] },
        'node_modules/linux': { ...plain, optional: true, os: ['linux', 'darwin'], cpu: ['!arm64'], libc: ['glibc'] },
        'node_modules/own': { resolved: 'packages/own', link: true },
        'packages/own': { version: '1.0.0' },
      }),
    );
    expect(packages.map(({ path, name }) => [path, name])).toEqual([
      ['node_modules/a', 'a'],
      ['node_modules/a/node_modules/@s/b', '@s/b'],
      ['node_modules/alias', 'real'],
      ['node_modules/linux', 'linux'],
    ]);
    expect(packages[0]).toMatchObject({ licence: 'MIT', hasInstallScript: true, bin: { a: 'cli.js' }, dev: false });
    expect(links).toEqual([{ path: 'node_modules/own', target: 'packages/own' }]);
  });

  it.each([
    ['git', { version: '1.0.0', resolved: 'git+ssh://git@example.org/a.git#12' }, 'it comes from git, not from a registry'],
    ['no integrity', { version: '1.0.0' }, 'it has no integrity: nothing would hold it to its content'],
    ['a link out', { resolved: '../other', link: true }, 'the link leads out of the project'],
  ])('refuses %s, with its line', async (_what, entry, message) => {
    const error = await failureOf(projectOf({ 'node_modules/a': entry }));
    expect(error.exitCode).toBe(ExitCode.definition);
    expect(error.problems).toEqual([
      { message: `node_modules/a: ${message}`, where: { file: expect.stringContaining('package-lock.json'), line: 5 } },
    ]);
  });

  it('refuses a place outside the project', async () => {
    expect((await failureOf(projectOf({ 'node_modules/../../x': plain }))).problems[0]?.message).toContain('not below the project');
  });

  it('wants a lock, of a version that names every place', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'project-'));
    expect(await failureOf(folder)).toMatchObject({ remedies: [expect.stringContaining('--package-lock-only')] });
    writeFileSync(join(folder, 'package.json'), '{}');
    writeFileSync(join(folder, 'package-lock.json'), '{ "lockfileVersion": 1, "dependencies": {} }');
    expect(await failureOf(folder)).toMatchObject({ message: 'package-lock.json cannot be read' });
  });
});

it('no registry is named in what goes onto a unit', async () => {
  const folder = projectOf({ 'node_modules/a': { ...plain, resolved: 'https://npm.example.org/a/-/a-1.0.0.tgz' } });
  expect(await withoutRegistries(folder)).not.toContain('example.org');
});

describe('integrity', () => {
  const data = Buffer.from('content');
  const of = (kind: string): string => `${kind}-${createHash(kind).update(data).digest('base64')}`;
  it.each([
    ['sha512', of('sha512'), true],
    ['sha1 of old packages', of('sha1'), true],
    ['one of several', `sha512-AAAA ${of('sha512')}`, true],
    ['a weaker one that fits beside a stronger one that does not', `${of('sha1')} sha512-AAAA`, false],
    ['another content', 'sha512-AAAA', false],
    ['a hash that nobody knows', 'md5-AAAA', false],
  ])('%s', (_what, integrity, fits) => {
    expect(isIntact(data, integrity)).toBe(fits);
  });
});

it('npm runs nothing of what it fetches, and names end its options', () => {
  const args = packArgs({ specs: ['@s/a@1.0.0'], folder: '/w', project: '/p', offline: true });
  expect(args).toContain('--ignore-scripts');
  expect(args).toContain('--offline');
  expect(args.slice(-2)).toEqual(['--', '@s/a@1.0.0']);
  expect(packedName('@s/a', '1.0.0')).toBe('s-a-1.0.0.tgz');
});
