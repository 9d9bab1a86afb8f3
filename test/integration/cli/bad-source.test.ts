import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import { Account, eventsOf, inProcess, NOTHING, type Outcome } from '../../helpers/cli-bundle.ts';
import { fakeHost, mirrorOf, skeletonArchive, withUrlArtifact, writeShop } from '../../helpers/cli-image.ts';

const CONTENT = 'the product, version 1\n';
const SHA256 = createHash('sha256').update(CONTENT).digest('hex');

let archive: string;
let server: Server;
let base: string;
let account: Account;

beforeAll(async () => {
  archive = await skeletonArchive();
  server = createServer((request, response) => {
    const path = join(archive, request.url ?? '');
    if (request.url === '/app.tar') response.end(CONTENT);
    else if (existsSync(path) && statSync(path).isFile()) createReadStream(path).pipe(response);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}, 120_000);
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  account = new Account();
  fakeHost(account);
  vi.spyOn(process, 'cwd').mockReturnValue(account.cwd);
});

async function bake(...more: string[]): Promise<Outcome> {
  const outcome = await inProcess(account, ['bake', 'shop', '--mirror', mirrorOf(`${base}/`), ...more]);
  expect(account.leftovers()).toEqual(NOTHING);
  expect(outcome.stderr).not.toContain('bug in unitsmith');
  return outcome;
}

/** Files that the cache would take for good downloads, and those that a next run would continue. */
function downloads(): { stored: string[]; partial: string[] } {
  const folder = join(account.cache, 'downloads');
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const partial = join(folder, 'partial');
  return { stored: names.filter((name) => /^[0-9a-f]{64}$/.test(name)), partial: existsSync(partial) ? readdirSync(partial) : [] };
}

describe('bake', () => {
  it('a wrong sha256: both hashes are named, and nothing of the file is kept', async () => {
    const wrong = 'a'.repeat(64);
    await writeShop(account, (text) => withUrlArtifact(text, `${base}/app.tar`, wrong));
    const { code, stderr } = await bake();
    expect(code).toBe(5);
    expect(stderr).toContain('The artifact app is not the file that image.yaml names');
    expect(stderr).toContain(wrong);
    expect(stderr).toContain(SHA256);
    expect(stderr).toContain('--artifact NAME=PATH');
    expect(downloads()).toEqual({ stored: [], partial: [] });
  });

  it('an address that nobody answers, and one that the server does not know', async () => {
    for (const url of ['http://127.0.0.1:1/app.tar', `${base}/gone.tar`]) {
      await writeShop(account, (text) => withUrlArtifact(text, url, SHA256));
      const { code, stderr } = await bake();
      expect(code).toBe(5);
      expect(stderr).toContain('The artifact app cannot be downloaded');
      expect(stderr).toContain(url);
      expect(stderr).toMatch(/check the address, the network and the proxy/);
      rmSync(join(account.cwd, 'images'), { recursive: true });
    }
  });

  it('a package archive that cannot be reached', async () => {
    await writeShop(account);
    const { code, stderr } = await inProcess(account, ['bake', 'shop', '--mirror', mirrorOf('http://127.0.0.1:1/')]);
    expect(code).toBe(5);
    expect(stderr).toContain('The package index of debian trixie cannot be fetched');
    expect(stderr).toContain('http://127.0.0.1:1/');
    expect(stderr).toContain('UNITSMITH_APT_MIRROR');
    expect(account.leftovers()).toEqual(NOTHING);
  });

  it('a package that does not exist: where it stands, and which may be meant', async () => {
    const folder = await writeShop(account, (text) => text.replace('  - nginx', '  - ngimx'));
    const line = readFileSync(join(folder, 'image.yaml'), 'utf8').split('\n').indexOf('  - ngimx') + 1;
    const { code, stderr } = await bake();
    expect(code).toBe(3);
    expect(stderr).toContain(`images/shop/image.yaml:${line}:5 (/packages/0): there is no package ngimx`);
    expect(stderr).toContain('Did you mean nginx?');
  });

  it('--offline with an empty cache', async () => {
    await writeShop(account);
    const { code, stderr } = await bake('--offline');
    expect(code).toBe(5);
    expect(stderr).toContain('not in the cache');
    expect(stderr).toContain('run once without --offline');
  });

  it('as events: the stage that failed, and one error with the exit code', async () => {
    await writeShop(account, (text) => withUrlArtifact(text, `${base}/app.tar`, 'b'.repeat(64)));
    const outcome = await bake('--json');
    const events = eventsOf(outcome);
    expect(outcome.stderr).toBe('');
    expect(events.filter(({ type }) => type === 'stage-failed')).toEqual([expect.objectContaining({ stage: 'fetch' })]);
    expect(events.filter(({ type }) => type === 'error')).toEqual([expect.objectContaining({ exitCode: 5 })]);
    expect(events.some(({ type }) => type === 'result')).toBe(false);
  });

  it('an installation that fails shows its end, keeps what was fetched, and is tried again', async () => {
    await writeShop(account);
    account.program(
      'mmdebstrap',
      `if [ "$1" = --version ]; then echo "mmdebstrap 1.4.3"; exit; fi
mkdir "$TMPDIR/tree"
printf 'Errors were encountered while processing:\\n nginx\\n' >&2
exit 1`,
    );
    const first = await bake();
    expect(first).toMatchObject({ code: 6, stderr: expect.stringContaining('Could not install nginx') as string });
    const second = await bake();
    expect(second.code).toBe(6);
    expect(second.stderr).toMatch(/resolve \(from the cache\)\n.*fetch \(from the cache\)\nrootfs: started/);
  });
});

describe('a damaged cache', () => {
  const flip = (path: string): void => {
    const content = readFileSync(path);
    content[0] = (content[0] ?? 0) ^ 1;
    // A new file: the same content may have a second name elsewhere in the cache.
    rmSync(path);
    writeFileSync(path, content);
  };
  const stage = (name: string): string => {
    const folder = join(account.cache, 'stages', name);
    return join(folder, readdirSync(folder)[0] ?? '');
  };

  it('is noticed and made anew, by the next bake as well as by `cache verify`', async () => {
    await writeShop(account);
    expect((await bake()).code).toBe(6);
    flip(join(stage('resolve'), 'resolved.json'));
    rmSync(join(stage('fetch'), '.stage.json'));
    const again = await bake();
    expect(again.stderr).toMatch(/warning: the cached result of resolve is damaged \(resolved\.json\): it is made anew/);
    expect(again.stderr).toMatch(/warning: the cached result of fetch is damaged/);
    expect(again.stderr).toMatch(/✓ fetch/);

    expect(await inProcess(account, ['cache', 'verify'])).toMatchObject({ code: 0, stdout: 'every stored output is whole\n' });
    const deb = readdirSync(join(stage('fetch'), 'repository', 'pool'))[0] ?? '';
    flip(join(stage('fetch'), 'repository', 'pool', deb));
    rmSync(join(stage('resolve'), '.stage.json'));
    const verified = await inProcess(account, ['cache', 'verify']);
    expect(verified).toMatchObject({ code: 1, stdout: '2 damaged outputs removed\n' });
    expect(verified.stderr).toContain(`repository/pool/${deb} is damaged`);
    expect(await inProcess(account, ['cache', 'verify'])).toMatchObject({ code: 0 });
    expect((await inProcess(account, ['cache', 'list'])).stdout).toMatch(/^0 outputs/m);
  });

  it('cache clear leaves nothing', async () => {
    await writeShop(account);
    await bake();
    expect(await inProcess(account, ['cache', 'clear'])).toMatchObject({ code: 0 });
    expect(readdirSync(account.cache)).toEqual([]);
  });
});

it('a cache, an image and an output folder with spaces, quotes and other letters in their names', async () => {
  await writeShop(account);
  const strange = `мой "cache" & co's`;
  const { code, stderr } = await inProcess(account, [
    ...['--cache-dir', join(account.root, strange), 'bake', './images/shop', '--mirror', mirrorOf(`${base}/`), '--out', strange],
  ]);
  // The stand-in for mmdebstrap ends it: everything before that has worked.
  expect(stderr).toMatch(/✓ resolve.*✓ fetch.*✗ rootfs/s);
  expect(code).toBe(6);
  expect(readdirSync(join(account.root, strange, 'stages')).sort()).toEqual(['fetch', 'resolve', 'rootfs']);
});
