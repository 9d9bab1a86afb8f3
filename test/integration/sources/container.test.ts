import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';

import { withCleanup } from '../../../builder/kit/cleanup.ts';
import { ExitCode } from '../../../builder/kit/errors.ts';
import { sha256, sha256File } from '../../../builder/kit/hash.ts';
import type { Artifact } from '../../../builder/sources/artifact.ts';
import { fetchArtifact, placeArtifact } from '../../../builder/sources/index.ts';
import { type TestContext, testContext } from '../../helpers/context.ts';

const USER = 'me';
const PASSWORD = 'geheim42';
/** bcrypt of the password: htpasswd -nbB. */
const LOGIN = `${USER}:$2b$05$abcdefghijklmnopqrstuu.Cdo0fpWxOfII5HEfdD/W8VZitErjN6`;

let lab: string;
/** An archive of one image, as `docker save` writes it. */
let archive: string;
let test: TestContext;

beforeAll(() => {
  lab = mkdtempSync(join(tmpdir(), 'container-'));
  const image = join(lab, 'image');
  mkdirSync(join(image, 'tree', 'etc'), { recursive: true });
  writeFileSync(join(image, 'tree', 'etc', 'greeting'), 'hello\n');
  execFileSync('tar', ['-C', join(image, 'tree'), '-cf', join(image, 'layer.tar'), '.']);
  const diffId = sha256(readFileSync(join(image, 'layer.tar')));
  const rootfs = { type: 'layers', diff_ids: [`sha256:${diffId}`] };
  writeFileSync(join(image, 'config.json'), JSON.stringify({ architecture: 'amd64', os: 'linux', config: { Cmd: ['true'] }, rootfs }));
  writeFileSync(join(image, 'manifest.json'), JSON.stringify([{ Config: 'config.json', RepoTags: ['a:b'], Layers: ['layer.tar'] }]));
  archive = join(lab, 'image.tar');
  execFileSync('tar', ['-C', image, '-cf', archive, 'manifest.json', 'config.json', 'layer.tar']);
});

beforeEach(() => {
  test = testContext({ env: { ...process.env, REGISTRY_AUTH_FILE: join(lab, 'auth.json') } });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A registry of its own that wants a log-in, with the image; gives its address by digest. */
async function startRegistry(): Promise<string> {
  const port = await freePort();
  const folder = mkdtempSync(join(lab, 'registry-'));
  writeFileSync(join(folder, 'htpasswd'), `${LOGIN}\n`);
  const config = {
    version: 0.1,
    storage: { filesystem: { rootdirectory: join(folder, 'data') } },
    http: { addr: `127.0.0.1:${port}` },
    auth: { htpasswd: { realm: 'test', path: join(folder, 'htpasswd') } },
  };
  writeFileSync(join(folder, 'config.yml'), JSON.stringify(config));
  const server = spawn('docker-registry', ['serve', join(folder, 'config.yml')], { stdio: 'ignore' });
  onTestFinished(() => void server.kill());
  const auth = Buffer.from(`${USER}:${PASSWORD}`).toString('base64');
  writeFileSync(join(lab, 'auth.json'), JSON.stringify({ auths: { [`127.0.0.1:${port}`]: { auth } } }));
  for (let tries = 0; tries < 100; tries += 1) {
    if (await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined)) break;
    await wait(100);
  }
  const digestFile = join(folder, 'digest');
  const target = `docker://127.0.0.1:${port}/shop/core:1`;
  const login = ['--authfile', join(lab, 'auth.json'), '--dest-tls-verify=false', '--digestfile', digestFile];
  execFileSync('skopeo', ['copy', '--quiet', ...login, `docker-archive:${archive}`, target]);
  return `127.0.0.1:${port}/shop/core@${readFileSync(digestFile, 'utf8').trim()}`;
}

/** Fetches and places; gives the folder of containers as it will be on the unit. */
async function make(definition: Artifact, override?: string): Promise<{ containers: string; locked: unknown }> {
  const folder = mkdtempSync(join(test.ctx.cacheDir, 'fetched-'));
  const root = mkdtempSync(join(lab, 'root-'));
  const request = {
    name: 'core',
    definition,
    imageFolder: lab,
    locked: undefined,
    purpose: 'bake' as const,
    override,
    guest: { base: { distribution: 'debian', suite: 'trixie', architecture: 'amd64' }, archive: {}, python: undefined },
  };
  const locked = await withCleanup(async (cleanup) => {
    const fetched = await fetchArtifact(request, folder, test.ctx, cleanup);
    await placeArtifact({ ...request, rootfs: '' }, folder, root, test.ctx, cleanup);
    return fetched.locked;
  });
  return { containers: join(root, 'usr', 'lib', 'unit', 'containers'), locked };
}

/** What Docker would be given, read by another program: the configuration's command and a file of the layer. */
function readBack(containers: string): { command: string[]; greeting: string; tags: string[] } {
  const [manifest] = JSON.parse(readFileSync(join(containers, 'core', 'manifest.json'), 'utf8'));
  const layer = execFileSync('zstd', ['-dcq', join(containers, manifest.Layers[0])]);
  expect(`layers/${sha256(layer)}.tar.zst`).toBe(manifest.Layers[0]);
  const greeting = execFileSync('tar', ['-xO', './etc/greeting'], { input: layer, encoding: 'utf8' });
  const { config } = JSON.parse(readFileSync(join(containers, 'core', manifest.Config), 'utf8'));
  return { command: config.Cmd, greeting, tags: manifest.RepoTags };
}

describe('container', () => {
  it('pulls by digest with the log-in of the host, once, and keeps nothing of the log-in', async () => {
    const image = await startRegistry();
    const { containers, locked } = await make({ kind: 'container', image });
    expect(readBack(containers)).toEqual({ command: ['true'], greeting: 'hello\n', tags: ['unit/core:latest'] });
    const [name, digest] = image.split('@sha256:');
    expect(locked).toEqual({ kind: 'container', files: [{ name, sha256: digest }] });
    expect(() => execFileSync('grep', ['-rlE', `${PASSWORD}|auths`, test.ctx.cacheDir, containers])).toThrow();
    expect(JSON.stringify(test.events)).not.toContain(PASSWORD);
    writeFileSync(join(lab, 'auth.json'), '{}');
    expect(readBack((await make({ kind: 'container', image, reference: 'shop/core:1' })).containers).tags).toEqual(['shop/core:1']);
  });

  it('says where it looked and how to log in', async () => {
    const image = await startRegistry();
    writeFileSync(join(lab, 'auth.json'), '{}');
    await expect(make({ kind: 'container', image })).rejects.toMatchObject({
      exitCode: ExitCode.source,
      message: 'Artifact core: the image cannot be pulled',
      remedies: [expect.any(String), expect.stringContaining('skopeo login'), expect.stringContaining('--artifact core=PATH')],
    });
    expect(readdirSync(join(test.ctx.cacheDir, 'tmp'))).toEqual([]);
  });

  it('takes an archive or an OCI layout instead', async () => {
    const image = `registry.example.org/shop/core@sha256:${'a'.repeat(64)}`;
    const layout = join(lab, 'layout');
    execFileSync('skopeo', ['copy', '--quiet', `docker-archive:${archive}`, `oci:${layout}:x`]);
    for (const path of [archive, layout]) {
      const { containers } = await make({ kind: 'container', image }, path);
      expect(readBack(containers).greeting).toBe('hello\n');
    }
    await expect(make({ kind: 'container', image }, join(lab, 'auth.json'))).rejects.toMatchObject({ exitCode: ExitCode.source });
  });

  it('is loaded as an archive that others read too, and known by its id', async () => {
    const { containers } = await make({ kind: 'container', image: `a/b@sha256:${'a'.repeat(64)}` }, archive);
    const bin = mkdtempSync(join(lab, 'bin-'));
    // Stands for Docker, which needs a kernel of its own.
    const docker = `#!/bin/sh\ncase $1 in load) cat > ${bin}/loaded.tar ;; image) [ -e ${bin}/loaded.tar ] && cat ${bin}/id ;; esac\n`;
    writeFileSync(join(bin, 'docker'), docker, { mode: 0o755 });
    const loader = join(containers, '..', 'load-container');
    execFileSync('cp', [join('firstboot', 'system', 'load-container'), loader]);
    const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
    const load = (...args: string[]): unknown => execFileSync(loader, args, { env, stdio: ['ignore', 'pipe', 'ignore'] });
    const id = `sha256:${await sha256File(join(containers, 'core', 'image.json'))}`;
    writeFileSync(join(bin, 'id'), `${id}\n`);
    expect(() => load('--check', 'core')).toThrow();
    load('core');
    load('--check', 'core');
    const seen = execFileSync('skopeo', ['inspect', '--config', `docker-archive:${join(bin, 'loaded.tar')}`], { encoding: 'utf8' });
    expect(JSON.parse(seen).config.Cmd).toEqual(['true']);
    writeFileSync(join(bin, 'id'), 'sha256:other\n');
    expect(() => load('--check', 'core')).toThrow();
    expect(() => load('nothing')).toThrow();
  });

  it('wants either an image or a build', async () => {
    await expect(make({ kind: 'container' })).rejects.toMatchObject({ exitCode: ExitCode.definition });
  });
});
