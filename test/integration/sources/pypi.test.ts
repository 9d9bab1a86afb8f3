import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Cleanup } from '../../../builder/kit/cleanup.ts';
import { ExitCode, type UserError } from '../../../builder/kit/errors.ts';
import { sha256, sha256File } from '../../../builder/kit/hash.ts';
import type { Artifact } from '../../../builder/sources/artifact.ts';
import { placeArtifact } from '../../../builder/sources/index.ts';
import { chooseDistributions } from '../../../builder/sources/pypi/distributions.ts';
import { readRequirements } from '../../../builder/sources/pypi/requirements.ts';
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

describe('lock holds files to the hashes', () => {
  const NOTHING = 'e'.repeat(64);
  let server: Server;
  /** Of the index's page: what it says of the source distribution. */
  let said: string;

  beforeEach(async () => {
    writeFileSync(join(lab, 'old-1.0.tar.gz'), 'source');
    said = sha256('source');
    server = createServer((asked, response) => {
      if (asked.url?.endsWith('.tar.gz') === true) return response.end(readFileSync(join(lab, 'old-1.0.tar.gz')));
      return response.setHeader('content-type', 'text/html').end(`<a href="/old-1.0.tar.gz#sha256=${said}">old-1.0.tar.gz</a>`);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const page = `http://127.0.0.1:${(server.address() as AddressInfo).port}/page/`;
    test = testContext({ env: { ...test.ctx.env, PIP_FIND_LINKS: `${links} ${page}`, PIP_RETRIES: '0' } });
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  /** As `lock`, without a build of what is no wheel. */
  async function choose(...lines: string[]) {
    const file = join(lab, 'requirements.txt');
    writeFileSync(file, lines.join('\n'));
    const work = mkdtempSync(join(lab, 'work-'));
    const place = { artifact: 'app', target: { python: '3.13', architecture: 'amd64' }, work, offline: false };
    return await chooseDistributions(await readRequirements(file), place, test.ctx);
  }
  const kept = (): string[] => readdirSync(join(test.ctx.cacheDir, 'downloads')).filter((name) => name !== 'partial');

  it('of the index, where it is a source distribution', async () => {
    expect(await choose('old==1.0')).toEqual([{ name: 'old-1.0.tar.gz', version: '1.0', sha256: sha256('source') }]);
    said = NOTHING;
    expect(await failureOf(choose('old==1.0'))).toMatchObject({
      exitCode: ExitCode.source,
      message: 'Artifact app: old-1.0.tar.gz has another hash than its index says',
      why: `wanted sha256 ${NOTHING}, found ${sha256('source')}; nothing of it was kept`,
    });
  });

  it('of the requirement, where it is a source distribution', async () => {
    expect(await choose(`old==1.0 --hash=sha256:${NOTHING} --hash=sha256:${sha256('source')}`)).toHaveLength(1);
    const error = await failureOf(choose(`old==1.0 --hash=sha256:${NOTHING}`));
    expect(error.message).toBe('Artifact app: old-1.0.tar.gz has another hash than the requirements say');
  });

  it('of the requirement, where another requirement has none', async () => {
    const wheel = makeWheel('shop', '1.0');
    makeWheel('helper', '2.0');
    expect(await choose(`shop==1.0 --hash=sha256:${await sha256File(wheel)}`, 'helper==2.0')).toHaveLength(2);
    test = testContext({ env: test.ctx.env });
    expect(await failureOf(choose(`shop==1.0 --hash=sha256:${NOTHING}`, 'helper==2.0'))).toMatchObject({
      exitCode: ExitCode.source,
      message: 'Artifact app: shop-1.0-py3-none-any.whl has another hash than the requirements say',
    });
    expect(kept()).toEqual([]);
  });

  it('and goes to no network with --offline', async () => {
    makeWheel('shop', '1.0');
    const offline = request('shop==1.0\n', { purpose: 'lock' });
    offline.guest = { ...offline.guest, archive: { offline: true } };
    expect(await failureOf(fetch(offline))).toMatchObject({
      exitCode: ExitCode.source,
      message: 'Artifact app: shop==1.0 is not in the download cache',
    });
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
