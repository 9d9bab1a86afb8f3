import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { ImageDefinition, LoadedImage } from '../../../builder/definition/definition.ts';
import { Cleanup } from '../../../builder/kit/cleanup.ts';
import { ExitCode, Interrupted, type UserError } from '../../../builder/kit/errors.ts';
import { hashData } from '../../../builder/kit/hash.ts';
import { type FetchInput, type FetchOutput, fetchStage } from '../../../builder/stages/fetch.ts';
import { type ResolveInput, type ResolveOutput, resolveStage } from '../../../builder/stages/resolve.ts';
import { makeAptRepository, makeDeb, type TestPackage } from '../../helpers/apt-repository.ts';
import { type TestContext, testContext } from '../../helpers/context.ts';

const PACKAGES: TestPackage[] = [
  { name: 'apt' },
  { name: 'base-files', fields: ['Essential: yes'] },
  {
    name: 'webserver',
    version: '1:2.0-1',
    fields: ['Depends: libweb (>= 1)', 'Recommends: not-wanted', 'Source: web (2.0)', 'Section: httpd'],
  },
  { name: 'libweb', version: '1.5' },
  { name: 'not-wanted' },
  { name: 'python3', version: '3.13.5-1' },
  { name: 'tug', fields: ['Conflicts: war'] },
  { name: 'war' },
];

let prepared: string;
let test: TestContext;
let lab: string;
let server: Server;
let mirror: string;
let asked: string[];

beforeAll(() => {
  prepared = mkdtempSync(join(tmpdir(), 'prepared-'));
  makeAptRepository(prepared, PACKAGES);
});

beforeEach(async () => {
  test = testContext({ env: { PATH: process.env.PATH, HOME: tmpdir() } });
  lab = mkdtempSync(join(tmpdir(), 'archive-'));
  cpSync(prepared, join(lab, 'repo'), { recursive: true });
  asked = [];
  server = createServer((request, response) => {
    const path = join(lab, 'repo', decodeURIComponent(request.url ?? ''));
    asked.push(request.url ?? '');
    if (existsSync(path) && statSync(path).isFile()) response.end(readFileSync(path));
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  mirror = `deb [trusted=yes] http://127.0.0.1:${(server.address() as AddressInfo).port}/ ./`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

function input(packages: string[], more: Partial<ResolveInput> & { artifacts?: ImageDefinition['artifacts'] } = {}): ResolveInput {
  const folder = join(lab, 'image');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'image.yaml'), `name: test\npackages:\n${packages.map((name) => `  - ${name}\n`).join('')}`);
  const definition = {
    base: { distribution: 'debian', suite: 'trixie', architecture: 'amd64' },
    packages,
    artifacts: more.artifacts ?? {},
  };
  const image = { definition, folder, hash: '', settingsSchema: undefined } as unknown as LoadedImage;
  return { image, basePackages: [], lock: undefined, overrides: {}, archive: { mirror }, purpose: 'bake', ...more };
}

/** As the runner does it: inputs, a new folder in the cache, run, open. */
async function resolve(request: ResolveInput): Promise<ResolveOutput & { id: string }> {
  const id = hashData(await resolveStage.inputs(request, test.ctx));
  const folder = newFolder();
  const cleanup = new Cleanup();
  try {
    await resolveStage.run(request, folder, test.ctx, cleanup);
  } finally {
    await cleanup.run();
  }
  return { ...(await resolveStage.open(folder, request)), id };
}

async function fetch(request: FetchInput): Promise<FetchOutput> {
  await fetchStage.inputs(request, test.ctx);
  const folder = newFolder();
  const cleanup = new Cleanup();
  try {
    await fetchStage.run(request, folder, test.ctx, cleanup);
  } finally {
    await cleanup.run();
  }
  return await fetchStage.open(folder, request);
}

function newFolder(): string {
  mkdirSync(join(test.ctx.cacheDir, 'stages'), { recursive: true });
  return mkdtempSync(join(test.ctx.cacheDir, 'stages', 'x-'));
}

const failureOf = async (work: Promise<unknown>): Promise<UserError> => (await work.catch((error: unknown) => error)) as UserError;
const versions = (output: { packages: { name: string; version: string }[] }): string[] =>
  output.packages.map(({ name, version }) => `${name} ${version}`);
const makeStale = (): void => {
  const apt = join(test.ctx.cacheDir, 'apt');
  for (const key of readdirSync(apt).filter((name) => !name.endsWith('.used')))
    utimesSync(join(apt, key, 'updated'), 0, Date.now() / 1000 - 25 * 3600);
};

describe('resolve', () => {
  it('finds exact versions of everything that is asked for, essential, or depended on', async () => {
    const output = await resolve(input(['webserver'], { basePackages: ['python3'] }));
    expect(versions(output)).toEqual(['apt 1.0', 'base-files 1.0', 'libweb 1.5', 'python3 3.13.5-1', 'webserver 1:2.0-1']);
    expect(output.requested).toEqual(['apt', 'python3', 'webserver']);
    expect(output.python).toBe('3.13');
    expect(output.packages.at(-1)).toMatchObject({
      source: 'web',
      sourceVersion: '2.0',
      section: 'httpd',
      filename: 'webserver_2.0-1_all.deb',
      sha256: createHash('sha256')
        .update(readFileSync(join(lab, 'repo', 'webserver_2.0-1_all.deb')))
        .digest('hex'),
    });
  });

  it('asks the network once a day, and has the same id as long as nothing changed', async () => {
    const first = await resolve(input(['webserver']));
    const before = asked.length;
    const second = await resolve(input(['webserver']));
    expect(asked.length).toBe(before);
    expect(second.id).toBe(first.id);
    makeStale();
    const third = await resolve(input(['webserver']));
    expect(asked.length).toBeGreaterThan(before);
    expect(third.id).toBe(first.id);
  });

  it('takes a security update the next day, at once with --update, and never with --offline', async () => {
    const first = await resolve(input(['webserver']));
    makeAptRepository(
      join(lab, 'repo'),
      PACKAGES.map((entry) => (entry.name === 'libweb' ? { ...entry, version: '1.6' } : entry)),
    ); // prettier-ignore
    utimesSync(join(lab, 'repo', 'Packages'), Date.now() / 1000, Date.now() / 1000 + 60);
    expect((await resolve(input(['webserver']))).id).toBe(first.id);
    makeStale();
    expect((await resolve(input(['webserver'], { archive: { mirror, offline: true } }))).id).toBe(first.id);
    const updated = await resolve(input(['webserver'], { archive: { mirror, update: true } }));
    expect(updated.id).not.toBe(first.id);
    expect(versions(updated)).toContain('libweb 1.6');
  });

  it('names a package that does not exist, where it stands, and what may be meant', async () => {
    const error = await failureOf(resolve(input(['libweb', 'websrever'])));
    expect(error).toMatchObject({ name: 'UserError', exitCode: ExitCode.definition, message: 'There is no package websrever' });
    expect(error.problems).toEqual([
      {
        message: 'there is no package websrever',
        where: { file: join(lab, 'image', 'image.yaml'), line: 4, column: 5, path: '/packages/1' },
        suggestion: 'Did you mean webserver?',
      },
    ]);
  });

  it('says why packages exclude each other', async () => {
    const error = await failureOf(resolve(input(['tug', 'war'])));
    expect(error).toMatchObject({ exitCode: ExitCode.source, message: 'The packages cannot be installed together' });
    expect(error.excerpt?.lines.join('\n')).toContain('Conflicts: war');
  });

  it('says what to do where the archive cannot be reached', async () => {
    const nowhere = 'deb [trusted=yes] http://me:geheim42@127.0.0.1:1/ ./';
    const error = await failureOf(resolve(input(['webserver'], { archive: { mirror: nowhere } })));
    expect(error).toMatchObject({ exitCode: ExitCode.source, message: expect.stringContaining('cannot be fetched') });
    expect(error.remedies.join('\n')).toMatch(/--mirror/);
    expect(error.remedies.join('\n')).not.toMatch(/--offline/);
    expect(JSON.stringify([test.events, error.why, error.excerpt])).not.toContain('geheim42');
  });

  it('goes on offline with the index of an earlier run, and says so where there is none', async () => {
    expect(await failureOf(resolve(input(['webserver'], { archive: { mirror, offline: true } })))).toMatchObject({
      exitCode: ExitCode.source,
      message: expect.stringContaining('not in the cache'),
    });
    await resolve(input(['webserver']));
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
    makeStale();
    const error = await failureOf(resolve(input(['webserver'])));
    expect(error.remedies.join('\n')).toMatch(/--offline/);
    expect(versions(await resolve(input(['webserver'], { archive: { mirror, offline: true } })))).toContain('libweb 1.5');
  });

  it('takes the mirror from the environment', async () => {
    test = testContext({ env: { PATH: process.env.PATH, HOME: tmpdir(), UNITSMITH_APT_MIRROR: `deb [trusted=yes] file:${lab}/repo ./` } });
    expect(versions(await resolve(input(['libweb'], { archive: {} })))).toContain('libweb 1.5');
    expect(asked).toEqual([]);
  });

  it('leaves nothing outside its own folder', async () => {
    await resolve(input(['webserver']));
    expect(readdirSync(test.ctx.cacheDir).sort()).toEqual(['apt', 'stages']);
  });
});

describe('fetch', () => {
  const both = async (request: ResolveInput): Promise<FetchOutput> => fetch({ ...request, resolved: await resolve(request) });

  it('makes a repository of exactly the resolved packages, which apt takes', async () => {
    const output = await both(input(['webserver']));
    expect(readdirSync(join(output.repository, 'pool'))).toEqual([
      'apt_1.0_all.deb',
      'base-files_1.0_all.deb',
      'libweb_1.5_all.deb',
      'webserver_2.0-1_all.deb',
    ]);
    // The same question, asked of the new repository alone.
    const again = await resolve(input(['webserver'], { archive: { mirror: `deb [trusted=yes] copy:${output.repository} ./` } }));
    expect(versions(again)).toEqual(versions(output));
  });

  it('downloads nothing twice', async () => {
    await both(input(['webserver']));
    const before = asked.filter((url) => url.endsWith('.deb')).length;
    expect(before).toBe(4);
    await both(input(['webserver', 'python3']));
    expect(asked.filter((url) => url.endsWith('.deb')).length).toBe(before + 1);
  });

  it('reports progress as a fraction', async () => {
    await both(input(['webserver']));
    const fractions = test.events.flatMap((event) => (event.type === 'progress' && event.fraction !== undefined ? [event.fraction] : []));
    expect(fractions.at(-1)).toBeCloseTo(1);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
  });

  it('notices a damaged download and fetches it again', async () => {
    const request = input(['libweb']);
    const resolved = await resolve(request);
    await fetch({ ...request, resolved });
    const libweb = resolved.packages.find(({ name }) => name === 'libweb')?.sha256 ?? '';
    const stored = join(test.ctx.cacheDir, 'downloads', libweb);
    // A new file, so that the earlier output's name for the old content is not touched.
    const content = readFileSync(stored);
    content[100] = (content[100] ?? 0) ^ 1;
    rmSync(stored);
    writeFileSync(stored, content);
    const output = await fetch({ ...request, resolved });
    const deb = readFileSync(join(output.repository, 'pool', 'libweb_1.5_all.deb'));
    expect(createHash('sha256').update(deb).digest('hex')).toBe(libweb);
  });

  it('keeps what came whole where one file is missing, and names that file', async () => {
    const request = input(['webserver']);
    const resolved = await resolve(request);
    rmSync(join(lab, 'repo', 'libweb_1.5_all.deb'));
    const error = await failureOf(fetch({ ...request, resolved }));
    expect(error).toMatchObject({ exitCode: ExitCode.source, message: 'The package libweb_1.5_all.deb cannot be fetched' });
    expect(error.remedies.join('\n')).toContain('--update');
    expect(readdirSync(join(test.ctx.cacheDir, 'downloads')).filter((name) => /^[0-9a-f]{64}$/.test(name))).toHaveLength(3);
  });

  it('refuses a file that is not what the index names', async () => {
    const request = input(['libweb']);
    const resolved = await resolve(request);
    makeDeb(join(lab, 'repo'), { name: 'libweb', version: '1.5', fields: ['Homepage: http://evil.example.org'] });
    expect(await failureOf(fetch({ ...request, resolved }))).toMatchObject({ message: 'The package libweb_1.5_all.deb cannot be fetched' });
  });

  it('needs no network for what is in the cache', async () => {
    await both(input(['webserver']));
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
    await both(input(['webserver'], { archive: { mirror, offline: true } }));
    const more = await failureOf(both(input(['webserver', 'war'], { archive: { mirror, offline: true } })));
    expect(more).toMatchObject({ exitCode: ExitCode.source, message: expect.stringContaining('war_1.0_all.deb first') });
  });

  it('ends at Ctrl-C and leaves nothing running', async () => {
    const request = input(['webserver']);
    const resolved = await resolve(request);
    server.removeAllListeners('request');
    server.on('request', () => test.abort(new Interrupted('SIGINT')));
    await expect(fetch({ ...request, resolved })).rejects.toMatchObject({ name: 'Interrupted' });
    expect(readdirSync(join(test.ctx.cacheDir, 'downloads')).filter((name) => name !== 'partial')).toEqual([]);
  });
});

describe('artifacts of kind debian', () => {
  it('are installed with what they depend on, in the given version', async () => {
    mkdirSync(join(lab, 'image'));
    makeDeb(join(lab, 'image'), { name: 'product', version: '1:7.0', fields: ['Depends: libweb'] });
    const artifacts = { product: { kind: 'debian' as const, packages: [{ path: 'product_7.0_all.deb' }] } };
    const request = input(['python3'], { artifacts });
    const resolved = await resolve(request);
    expect(resolved.requested).toEqual(['apt', 'product', 'python3']);
    expect(versions(resolved)).toContain('product 1:7.0');
    expect(versions(resolved)).toContain('libweb 1.5');
    expect(JSON.stringify(resolved)).not.toContain(test.ctx.cacheDir);
    const output = await fetch({ ...request, resolved });
    expect(readdirSync(join(output.repository, 'pool'))).toContain('product_7.0_all.deb');
    expect(output.artifacts.product?.locked.files).toEqual([
      { name: 'product', version: '1:7.0', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ]);
    const again = await resolve(input(['product'], { archive: { mirror: `deb [trusted=yes] copy:${output.repository} ./` } }));
    expect(versions(again)).toContain('product 1:7.0');
  });

  it('are refused where they are no Debian packages', async () => {
    mkdirSync(join(lab, 'image'));
    writeFileSync(join(lab, 'image', 'product.deb'), 'not a package');
    const artifacts = { product: { kind: 'debian' as const, packages: [{ path: 'product.deb' }] } };
    expect(await failureOf(resolve(input([], { artifacts })))).toMatchObject({ message: expect.stringContaining('not a Debian package') });
  });

  it('can be replaced', async () => {
    const mine = makeDeb(lab, { name: 'product', version: '8.0' });
    const artifacts = { product: { kind: 'debian' as const, packages: [{ url: 'http://127.0.0.1:1/x.deb', sha256: 'a'.repeat(64) }] } };
    const request = input([], { artifacts, overrides: { product: { path: mine, sha256: 'b'.repeat(64) } } });
    expect(versions(await resolve(request))).toContain('product 8.0');
  });
});

it('a cache folder may have a space in its name', async () => {
  test = testContext({ cacheDir: join(mkdtempSync(join(tmpdir(), 'cache-')), 'a b'), env: test.ctx.env });
  const output = await fetch({ ...input(['libweb']), resolved: await resolve(input(['libweb'])) });
  const again = await resolve(input(['libweb'], { archive: { mirror: `deb [trusted=yes] copy:${encodeURI(output.repository)} ./` } }));
  expect(versions(again)).toEqual(versions(output));
});
