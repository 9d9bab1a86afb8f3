import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Cleanup } from '../../../builder/kit/cleanup.ts';
import { run } from '../../../builder/kit/command.ts';
import { ExitCode, type UserError } from '../../../builder/kit/errors.ts';
import type { Artifact } from '../../../builder/sources/artifact.ts';
import { fetchArtifact, placeArtifact } from '../../../builder/sources/index.ts';
import type { FetchRequest } from '../../../builder/sources/source.ts';
import { type TestContext, testContext } from '../../helpers/context.ts';

const CONTENT = randomBytes(300_000);
const HASH = createHash('sha256').update(CONTENT).digest('hex');

type Handler = (request: IncomingMessage, response: ServerResponse, count: number) => void;

let server: Server;
let base: string;
let requests: IncomingMessage[];
let handlers: Record<string, Handler>;
let test: TestContext;
let folder: string;

/** A server that keeps to `Range`, as any real one does. */
const whole: Handler = (request, response) => {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  if (start > 0) response.writeHead(206, { 'content-range': `bytes ${start}-${CONTENT.length - 1}/${CONTENT.length}` });
  response.end(CONTENT.subarray(start));
};

beforeEach(async () => {
  requests = [];
  handlers = { '/app.bin': whole };
  const counts = new Map<string, number>();
  server = createServer((request, response) => {
    requests.push(request);
    const path = request.url ?? '';
    counts.set(path, (counts.get(path) ?? 0) + 1);
    const handler = handlers[path];
    if (handler === undefined) response.writeHead(404).end('no');
    else handler(request, response, counts.get(path) ?? 0);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  test = testContext({ env: { PATH: process.env.PATH, HOME: tmpdir() } });
  // What is fetched is linked, not copied: it must be on the cache's file system, as the stages' folders are.
  folder = join(test.ctx.cacheDir, 'artifact');
  mkdirSync(folder);
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

function request(
  definition: Partial<Artifact> & Record<string, unknown>,
  more: Partial<FetchRequest<Artifact>> = {},
): FetchRequest<Artifact> {
  return {
    name: 'app',
    definition: { kind: 'url', url: `${base}/app.bin`, sha256: HASH, into: '/opt/app', ...definition } as Artifact,
    imageFolder: folder,
    locked: undefined,
    purpose: 'bake',
    override: undefined,
    guest: { base: { distribution: 'debian', suite: 'trixie', architecture: 'amd64' }, archive: {}, python: undefined },
    ...more,
  };
}

const fetch = (wanted: FetchRequest<Artifact>) => fetchArtifact(wanted, folder, test.ctx, new Cleanup());
const failure = async (wanted: FetchRequest<Artifact>): Promise<UserError> =>
  (await fetch(wanted).catch((error: unknown) => error)) as UserError;
const downloads = (): string[] => readdirSync(join(test.ctx.cacheDir, 'downloads')).filter((name) => name !== 'partial');
const partials = (): string[] => readdirSync(join(test.ctx.cacheDir, 'downloads', 'partial'));

describe('url', () => {
  it('fetches a file, and takes it from the cache the next time', async () => {
    const fetched = await fetch(request({}));
    expect(fetched.locked).toEqual({ kind: 'url', files: [{ name: 'app.bin', sha256: HASH }] });
    expect(readFileSync(join(folder, 'content', 'app.bin')).equals(CONTENT)).toBe(true);
    const again = join(test.ctx.cacheDir, 'again');
    await fetchArtifact(request({}), again, test.ctx, new Cleanup());
    expect(requests).toHaveLength(1);
    expect(readFileSync(join(again, 'content', 'app.bin')).equals(CONTENT)).toBe(true);
  });

  it('follows redirects, and keeps the name that the definition gives', async () => {
    handlers['/latest'] = (_request, response) => response.writeHead(302, { location: '/app.bin' }).end();
    await fetch(request({ url: `${base}/latest` }));
    expect(readdirSync(join(folder, 'content'))).toEqual(['latest']);
  });

  it('does not follow a redirect to a file of this machine', async () => {
    handlers['/evil'] = (_request, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end();
    expect(await failure(request({ url: `${base}/evil` }))).toMatchObject({ exitCode: ExitCode.source });
  });

  it('refuses another content, with both hashes, and keeps nothing of it', async () => {
    const wanted = 'e'.repeat(64);
    const error = await failure(request({ sha256: wanted }));
    expect(error).toMatchObject({ name: 'UserError', exitCode: ExitCode.source });
    expect(error.why).toContain(wanted);
    expect(error.why).toContain(HASH);
    expect(downloads()).toEqual([]);
    expect(partials()).toEqual([]);
  });

  it('says where a file is missing, at once and without trying again', async () => {
    const error = await failure(request({ url: `${base}/nothing` }));
    expect(error.exitCode).toBe(ExitCode.source);
    expect(error.why).toContain('404');
    expect(requests).toHaveLength(1);
    expect(partials()).toEqual([]);
  });

  it('tries a busy server again', async () => {
    handlers['/app.bin'] = (incoming, response, count) => (count < 3 ? response.writeHead(503).end() : whole(incoming, response, count));
    await fetch(request({}));
    expect(requests).toHaveLength(3);
  });

  it('gives up on a server that stays busy', async () => {
    handlers['/app.bin'] = (_request, response) => response.writeHead(500).end();
    expect((await failure(request({}))).why).toContain('500');
    expect(requests).toHaveLength(4);
  });

  it('continues a download where the connection was cut', async () => {
    handlers['/app.bin'] = (incoming, response, count) => {
      if (count > 1) return whole(incoming, response, count);
      response.writeHead(200, { 'content-length': CONTENT.length });
      response.write(CONTENT.subarray(0, 100_000), () => setTimeout(() => response.destroy(), 50));
    };
    await fetch(request({}));
    expect(requests.at(-1)?.headers.range).toMatch(/^bytes=[1-9]\d*-$/);
    expect(readFileSync(join(folder, 'content', 'app.bin')).equals(CONTENT)).toBe(true);
  });

  it('continues what an earlier run left', async () => {
    const partial = join(test.ctx.cacheDir, 'downloads', 'partial', HASH);
    mkdirSync(join(partial, '..'), { recursive: true });
    writeFileSync(partial, CONTENT.subarray(0, 1000));
    await fetch(request({}));
    expect(requests.map((incoming) => incoming.headers.range)).toEqual(['bytes=1000-']);
  });

  it('begins anew where what an earlier run left is of another file', async () => {
    const partial = join(test.ctx.cacheDir, 'downloads', 'partial', HASH);
    mkdirSync(join(partial, '..'), { recursive: true });
    writeFileSync(partial, 'x'.repeat(1000));
    await fetch(request({}));
    expect(readFileSync(join(folder, 'content', 'app.bin')).equals(CONTENT)).toBe(true);
  });

  it('notices a damaged download in the cache and fetches it again', async () => {
    await fetch(request({}));
    const stored = join(test.ctx.cacheDir, 'downloads', HASH);
    writeFileSync(stored, 'damaged');
    await fetchArtifact(request({}), join(test.ctx.cacheDir, 'again'), test.ctx, new Cleanup());
    expect(requests).toHaveLength(2);
    expect(statSync(stored).size).toBe(CONTENT.length);
  });

  it('asks no network with --offline', async () => {
    const offline = request({});
    offline.guest = { ...offline.guest, archive: { offline: true } };
    expect(await failure(offline)).toMatchObject({
      exitCode: ExitCode.source,
      message: expect.stringContaining('not in the download cache'),
    });
    expect(requests).toHaveLength(0);
    await fetch(request({}));
    await fetchArtifact(offline, join(test.ctx.cacheDir, 'again'), test.ctx, new Cleanup());
  });

  it('sends a log-in and shows it to nobody', async () => {
    const url = `${base.replace('//', '//me:geheim42@')}/app.bin`;
    const fetched = await fetch(request({ url }));
    expect(requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from('me:geheim42').toString('base64')}`);
    const error = await failure(request({ url: url.replace('app.bin', 'none'), sha256: 'e'.repeat(64) }));
    expect(JSON.stringify([fetched, test.events, error.message, error.why, error.remedies])).not.toContain('geheim42');
  });

  it('ends at Ctrl-C while the server is silent', async () => {
    handlers['/app.bin'] = () => test.abort();
    await expect(fetch(request({}))).rejects.toMatchObject({ name: 'Interrupted' });
    expect(existsSync(join(folder, 'content', 'app.bin'))).toBe(false);
  });

  it('takes file: addresses', async () => {
    writeFileSync(join(folder, 'local.bin'), CONTENT);
    await fetch(request({ url: `file://${folder}/local.bin` }));
    expect(readFileSync(join(folder, 'content', 'local.bin')).equals(CONTENT)).toBe(true);
  });
});

describe('place', () => {
  const place = async (wanted: FetchRequest<Artifact>, root: string) => {
    await fetch(wanted);
    return await placeArtifact({ ...wanted, rootfs: '/does/not/matter' }, folder, root, test.ctx, new Cleanup());
  };

  async function archive(name: string): Promise<{ url: string; sha256: string }> {
    const tree = join(test.ctx.cacheDir, 'tree');
    mkdirSync(join(tree, 'bin'), { recursive: true });
    writeFileSync(join(tree, 'bin', 'run'), '#!/bin/sh\n', { mode: 0o755 });
    const file = join(test.ctx.cacheDir, name);
    await run(test.ctx, 'bsdtar', ['--auto-compress', '--create', '--file', file, '--directory', tree, 'bin']);
    return { url: `file://${file}`, sha256: createHash('sha256').update(readFileSync(file)).digest('hex') };
  }

  it.each(['app.tar.gz', 'app.tar.xz', 'app.zip', 'app.tar.zst'])('unpacks %s', async (name) => {
    const root = join(test.ctx.cacheDir, 'root');
    const owners = await place(request({ ...(await archive(name)), unpack: true, owner: 'www:adm' }), root);
    expect(readFileSync(join(root, 'opt/app/bin/run'), 'utf8')).toBe('#!/bin/sh\n');
    expect(statSync(join(root, 'opt/app/bin/run')).mode & 0o111).toBe(0o111);
    expect(owners).toEqual([{ path: '/opt/app', owner: 'www:adm' }]);
  });

  it('leaves out the folders that an archive begins with', async () => {
    const root = join(test.ctx.cacheDir, 'root');
    await place(request({ ...(await archive('app.tar.gz')), unpack: true, strip: 1 }), root);
    expect(readdirSync(join(root, 'opt/app'))).toEqual(['run']);
  });

  it('gives a file the name that it is to have', async () => {
    const root = join(test.ctx.cacheDir, 'root');
    expect(await place(request({ owner: 'www', as: 'app' }), root)).toEqual([{ path: '/opt/app/app', owner: 'www' }]);
    expect(readdirSync(join(root, 'opt/app'))).toEqual(['app']);
  });

  it('copies a file as it is, and gives away the file alone', async () => {
    const root = join(test.ctx.cacheDir, 'root');
    expect(await place(request({ owner: 'www' }), root)).toEqual([{ path: '/opt/app/app.bin', owner: 'www' }]);
    expect(readFileSync(join(root, 'opt/app/app.bin')).equals(CONTENT)).toBe(true);
  });

  it('says so where a file is no archive', async () => {
    await expect(place(request({ unpack: true }), join(test.ctx.cacheDir, 'root'))).rejects.toMatchObject({
      name: 'UserError',
      exitCode: ExitCode.source,
      message: expect.stringContaining('cannot be unpacked'),
    });
  });

  it('keeps what an archive holds below the folder', async () => {
    const evil = join(test.ctx.cacheDir, 'evil.tar');
    writeFileSync(join(test.ctx.cacheDir, 'outside'), 'x');
    mkdirSync(join(test.ctx.cacheDir, 'a'));
    await run(test.ctx, 'bsdtar', ['-cPf', evil, '-C', join(test.ctx.cacheDir, 'a'), '../outside']);
    const sha256 = createHash('sha256').update(readFileSync(evil)).digest('hex');
    const root = join(test.ctx.cacheDir, 'root');
    await expect(place(request({ url: `file://${evil}`, sha256, unpack: true }), root)).rejects.toMatchObject({ name: 'UserError' });
    expect(existsSync(join(root, 'opt', 'outside'))).toBe(false);
  });

  it('takes a folder in place of the artifact', async () => {
    const override = join(test.ctx.cacheDir, 'mine');
    mkdirSync(override);
    writeFileSync(join(override, 'app.py'), 'mine');
    const wanted = request({ owner: 'www', unpack: true }, { override });
    const root = join(test.ctx.cacheDir, 'root');
    expect((await fetch(wanted)).override).toMatchObject({ path: override, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(await placeArtifact({ ...wanted, rootfs: '' }, folder, root, test.ctx, new Cleanup())).toEqual([
      { path: '/opt/app', owner: 'www' },
    ]);
    expect(readFileSync(join(root, 'opt/app/app.py'), 'utf8')).toBe('mine');
    expect(requests).toHaveLength(0);
  });
});

describe('lock', () => {
  it('holds a bake to it', async () => {
    const locked = { kind: 'url', files: [{ name: 'app.bin', sha256: 'f'.repeat(64) }] };
    expect(await failure(request({}, { locked }))).toMatchObject({ message: 'Artifact app is not what lock.json says' });
  });

  it('does not hold `unitsmith lock` to the old one', async () => {
    const locked = { kind: 'url', files: [{ name: 'app.bin', sha256: 'f'.repeat(64) }] };
    expect((await fetch(request({}, { locked, purpose: 'lock' }))).locked.files[0]?.sha256).toBe(HASH);
  });
});
