import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';

import { Cleanup } from '../../../builder/kit/cleanup.ts';
import { ExitCode, type UserError } from '../../../builder/kit/errors.ts';
import { sha256File } from '../../../builder/kit/hash.ts';
import type { Artifact } from '../../../builder/sources/artifact.ts';
import { placeArtifact } from '../../../builder/sources/index.ts';
import type { FetchRequest, LockedArtifact } from '../../../builder/sources/source.ts';
import { artifactRequest, DEBIAN, fetchRequested } from '../../helpers/artifact.ts';
import { type TestContext, testContext } from '../../helpers/context.ts';

let test: TestContext;
let lab: string;
let links: string;

/** A wheel of one module; `requires` are lines of its metadata. */
function makeWheel(name: string, version: string, tag = 'py3-none-any', requires: string[] = []): string {
  const tree = mkdtempSync(join(lab, 'wheel-'));
  const info = join(tree, `${name}-${version}.dist-info`);
  mkdirSync(info);
  writeFileSync(join(tree, `${name}.py`), `VERSION = ${JSON.stringify(version)}\n`);
  const metadata = [
    'Metadata-Version: 2.1',
    `Name: ${name}`,
    `Version: ${version}`,
    'License: MIT',
    ...requires.map((text) => `Requires-Dist: ${text}`),
  ];
  writeFileSync(join(info, 'METADATA'), `${metadata.join('\n')}\n`);
  writeFileSync(join(info, 'WHEEL'), `Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: ${tag}\n`);
  writeFileSync(join(info, 'RECORD'), '');
  const file = join(links, `${name}-${version}-${tag}.whl`);
  execFileSync('bsdtar', ['--format', 'zip', '-cf', file, '-C', tree, `${name}.py`, `${name}-${version}.dist-info`]);
  return file;
}

beforeEach(() => {
  lab = mkdtempSync(join(tmpdir(), 'pypi-'));
  links = join(lab, 'links');
  mkdirSync(links);
  mkdirSync(join(lab, 'image'));
  const env = { PATH: process.env.PATH, HOME: lab, PIP_NO_INDEX: '1', PIP_FIND_LINKS: links, PIP_CONFIG_FILE: '/dev/null' };
  test = testContext({ env });
});

function request(requirements: string, more: Partial<FetchRequest<Artifact>> = {}): FetchRequest<Artifact> {
  writeFileSync(join(lab, 'image', 'requirements.txt'), requirements);
  const guest = { ...DEBIAN, python: '3.13' };
  return artifactRequest({ kind: 'pypi', requirements: 'requirements.txt', into: '/opt/wheels' }, join(lab, 'image'), { guest, ...more });
}

const fetch = (wanted: FetchRequest<Artifact>) => fetchRequested(test.ctx, wanted);

const lock = async (requirements: string): Promise<LockedArtifact> => (await fetch(request(requirements, { purpose: 'lock' }))).locked;
const failureOf = async (work: Promise<unknown>): Promise<UserError> => (await work.catch((error: unknown) => error)) as UserError;

describe('lock', () => {
  it("takes wheels for the guest's Python, and what they depend on", async () => {
    makeWheel('shop', '1.0', 'cp313-cp313-manylinux_2_28_x86_64', ['helper']);
    makeWheel('shop', '1.0', 'cp311-cp311-manylinux_2_28_x86_64', ['helper']);
    const helper = makeWheel('helper', '2.0');
    expect(await lock('shop==1.0\n')).toEqual({
      kind: 'pypi',
      files: [
        { name: 'helper-2.0-py3-none-any.whl', version: '2.0', sha256: await sha256File(helper) },
        { name: 'shop-1.0-cp313-cp313-manylinux_2_28_x86_64.whl', version: '1.0', sha256: expect.any(String) },
      ],
    });
  });

  it('names the requirement that nobody has', async () => {
    makeWheel('shop', '1.0');
    const error = await failureOf(lock('shop==1.0\nmissing==3.1\n'));
    expect(error).toMatchObject({ exitCode: ExitCode.source, message: 'Artifact app: missing==3.1 cannot be found' });
    expect(error.why).toContain('Python 3.13');
  });

  it('refuses a wheel for another Python', async () => {
    makeWheel('shop', '1.0', 'cp311-cp311-manylinux_2_28_x86_64');
    expect(await failureOf(lock('shop==1.0\n'))).toMatchObject({ message: 'Artifact app: shop==1.0 cannot be found' });
  });

  it('refuses requirements without versions, each with its line', async () => {
    const error = await failureOf(lock('shop\n'));
    expect(error.problems[0]?.where).toEqual({ file: expect.stringContaining('requirements.txt'), line: 1 });
  });
});

describe('bake', () => {
  it('takes exactly the locked wheels, whatever is newer', async () => {
    makeWheel('shop', '1.0', 'py3-none-any', ['helper']);
    makeWheel('helper', '2.0');
    const locked = await lock('shop==1.0\n');
    makeWheel('helper', '3.0');
    rmSync(join(test.ctx.cacheDir, 'downloads'), { recursive: true });
    const fetched = await fetch(request('shop==1.0\n', { locked }));
    expect(readdirSync(join(fetched.folder, 'wheels'))).toEqual(['helper-2.0-py3-none-any.whl', 'shop-1.0-py3-none-any.whl']);
    expect(fetched.components).toMatchObject([
      { type: 'python', name: 'helper', version: '2.0', licences: ['MIT'] },
      { type: 'python', name: 'shop', version: '1.0', licences: ['MIT'] },
    ]);
    const root = join(test.ctx.cacheDir, 'root');
    await placeArtifact({ ...request('shop==1.0\n'), rootfs: '' }, fetched.folder, root, test.ctx, new Cleanup());
    expect(readdirSync(join(root, 'opt/wheels'))).toHaveLength(2);
  });

  it('needs no index for what was downloaded before', async () => {
    makeWheel('shop', '1.0');
    const locked = await lock('shop==1.0\n');
    rmSync(links, { recursive: true });
    const offline = request('shop==1.0\n', { locked });
    offline.guest = { ...offline.guest, archive: { offline: true } };
    expect((await fetch(offline)).locked).toEqual(locked);
    rmSync(join(test.ctx.cacheDir, 'downloads'), { recursive: true });
    expect(await failureOf(fetch(offline))).toMatchObject({ message: expect.stringContaining('not in the download cache') });
  });

  it('wants a lock', async () => {
    const error = await failureOf(fetch(request('shop==1.0\n')));
    expect(error).toMatchObject({ exitCode: ExitCode.definition, message: 'Artifact app is not locked' });
    expect(error.remedies[0]).toBe('unitsmith lock');
  });

  it('wants a new lock where the requirements were changed', async () => {
    makeWheel('shop', '1.0');
    const locked = await lock('shop==1.0\n');
    const error = await failureOf(fetch(request('shop==1.1\n', { locked })));
    expect(error.problems).toEqual([{ message: 'shop==1.1: lock.json has 1.0' }]);
    expect(error.remedies).toEqual(['unitsmith lock']);
  });

  it('refuses a wheel that was replaced upstream', async () => {
    makeWheel('shop', '1.0');
    const locked = await lock('shop==1.0\n');
    rmSync(join(test.ctx.cacheDir, 'downloads'), { recursive: true });
    writeFileSync(makeWheel('shop', '1.0'), readFileSync(makeWheel('other', '1.0')));
    expect(await failureOf(fetch(request('shop==1.0\n', { locked })))).toMatchObject({
      exitCode: ExitCode.source,
      message: 'Artifact app: the locked wheels cannot be fetched',
    });
  });

  it('wants a Python in the image', async () => {
    const wanted = request('shop==1.0\n');
    wanted.guest = { ...wanted.guest, python: undefined };
    expect(await failureOf(fetch(wanted))).toMatchObject({ message: 'Artifact app: the image has no Python' });
  });

  it('takes a folder of wheels in place of the artifact', async () => {
    makeWheel('mine', '9.0');
    const fetched = await fetch(request('shop==1.0\n', { override: links }));
    expect(readdirSync(join(fetched.folder, 'wheels'))).toEqual(['mine-9.0-py3-none-any.whl']);
    expect(fetched.override?.path).toBe(links);
  });
});

it('says so where the host has no pip', async () => {
  const bin = join(lab, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'python3'), '#!/bin/sh\necho "/usr/bin/python3: No module named pip" >&2\nexit 1\n', { mode: 0o755 });
  test = testContext({ cacheDir: test.ctx.cacheDir, env: { ...test.ctx.env, PATH: `${bin}:${process.env.PATH}` } });
  expect(await failureOf(lock('shop==1.0\n'))).toMatchObject({
    exitCode: ExitCode.host,
    message: 'pip is not installed',
    remedies: ['sudo apt install python3-pip'],
  });
});

it('leaves no temporary folder behind, whether it succeeds or fails', async () => {
  makeWheel('shop', '1.0');
  await lock('shop==1.0\n');
  await failureOf(lock('missing==1\n'));
  expect(readdirSync(join(test.ctx.cacheDir, 'tmp'))).toEqual([]);
});
