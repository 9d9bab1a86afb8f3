import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';

import { Cleanup } from '../../../builder/kit/cleanup.ts';
import { ExitCode, type UserError } from '../../../builder/kit/errors.ts';
import { hashTree } from '../../../builder/kit/hash.ts';
import type { Artifact } from '../../../builder/sources/artifact.ts';
import { placeArtifact } from '../../../builder/sources/index.ts';
import type { FetchRequest } from '../../../builder/sources/source.ts';
import { artifactRequest, fetchRequested } from '../../helpers/artifact.ts';
import { type TestContext, testContext } from '../../helpers/context.ts';

let test: TestContext;
let lab: string;
let origin: string;
let commit: string;

const ENV = { PATH: process.env.PATH, GIT_CONFIG_NOSYSTEM: '1', GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a@example.org' };
const git = (...args: string[]): string =>
  execFileSync('git', ['-C', origin, ...args], {
    encoding: 'utf8',
    env: { ...ENV, HOME: lab, GIT_COMMITTER_NAME: 'a', GIT_COMMITTER_EMAIL: 'a@example.org' },
  }).trim();

function commitFiles(files: Record<string, string>): string {
  for (const [path, text] of Object.entries(files)) writeFileSync(join(origin, path), text);
  git('add', '--all');
  git('commit', '--quiet', '--message', 'x');
  return git('rev-parse', 'HEAD');
}

beforeEach(() => {
  lab = mkdtempSync(join(tmpdir(), 'git-'));
  origin = join(lab, 'app.git');
  mkdirSync(origin);
  git('init', '--quiet', '--initial-branch=main');
  mkdirSync(join(origin, 'bin'));
  writeFileSync(join(origin, 'bin', 'run'), '#!/bin/sh\n', { mode: 0o755 });
  symlinkSync('bin/run', join(origin, 'link'));
  commit = commitFiles({ text: 'one\n', '.gitattributes': 'text export-ignore\n' });
  commitFiles({ text: 'two\n' });
  test = testContext({ env: { PATH: process.env.PATH, HOME: lab } });
});

function request(definition: Record<string, unknown> = {}, more: Partial<FetchRequest<Artifact>> = {}): FetchRequest<Artifact> {
  return artifactRequest({ kind: 'git', url: `file://${origin}`, commit, into: '/opt/app', owner: 'www', ...definition }, lab, more);
}

async function fetch(wanted: FetchRequest<Artifact>) {
  const fetched = await fetchRequested(test.ctx, wanted);
  return { ...fetched, content: join(fetched.folder, 'content', 'app') };
}
const failure = async (wanted: FetchRequest<Artifact>): Promise<UserError> =>
  (await fetch(wanted).catch((error: unknown) => error)) as UserError;

describe('git', () => {
  it('takes the files of the commit, whatever came later, and nothing of git', async () => {
    const { content, locked, components } = await fetch(request());
    expect(readdirSync(content).sort()).toEqual(['.gitattributes', 'bin', 'link', 'text']);
    expect(readFileSync(join(content, 'text'), 'utf8')).toBe('one\n');
    expect(statSync(join(content, 'bin', 'run')).mode & 0o777).toBe(0o755);
    const sha256 = await hashTree(content);
    expect(locked).toEqual({ kind: 'git', files: [{ name: 'app', version: commit, sha256 }] });
    expect(components).toEqual([{ type: 'file', name: 'app', version: commit, sha256 }]);
  });

  it("does not let the host's git change line ends", async () => {
    writeFileSync(join(lab, '.gitconfig'), '[core]\n\tautocrlf = true\n');
    expect(readFileSync(join((await fetch(request())).content, 'text'), 'utf8')).toBe('one\n');
  });

  it('runs no hook', async () => {
    mkdirSync(join(lab, 'hooks'));
    writeFileSync(join(lab, 'hooks', 'post-checkout'), `#!/bin/sh\ntouch ${lab}/ran\n`, { mode: 0o755 });
    writeFileSync(join(lab, '.gitconfig'), `[core]\n\thooksPath = ${lab}/hooks\n`);
    await fetch(request());
    expect(existsSync(join(lab, 'ran'))).toBe(false);
  });

  it('comes from the cache the next time', async () => {
    const first = await fetch(request());
    rmSync(origin, { recursive: true });
    expect((await fetch(request({}, { locked: first.locked }))).locked).toEqual(first.locked);
  });

  it('notices a damaged repository in the cache, and fetches it again', async () => {
    await fetch(request());
    const packs = join(test.ctx.cacheDir, 'downloads', 'git', commit, 'objects', 'pack');
    for (const name of readdirSync(packs)) rmSync(join(packs, name));
    expect(readFileSync(join((await fetch(request())).content, 'text'), 'utf8')).toBe('one\n');
  });

  it('asks no network with --offline', async () => {
    const wanted = request({ url: 'https://example.org/app.git' });
    wanted.guest = { ...wanted.guest, archive: { offline: true } };
    expect(await failure(wanted)).toMatchObject({
      exitCode: ExitCode.source,
      message: `Artifact app: commit ${commit} is not in the download cache`,
    });
  });

  it('says so where nobody has the commit', async () => {
    const error = await failure(request({ commit: 'e'.repeat(40) }));
    expect(error).toMatchObject({ exitCode: ExitCode.source, message: `Artifact app: commit ${'e'.repeat(40)} cannot be fetched` });
    expect(existsSync(join(test.ctx.cacheDir, 'downloads', 'git'))).toBe(false);
  });

  it('takes a commit from a server that gives branches only', async () => {
    // Protocol version 0 refuses what is on no tip.
    writeFileSync(join(lab, '.gitconfig'), '[protocol]\n\tversion = 0\n');
    const { content } = await fetch(request());
    expect(readFileSync(join(content, 'text'), 'utf8')).toBe('one\n');
    expect(JSON.stringify(test.events)).toContain('+refs/heads/');
  });

  it('keeps a repository that git can work with, where it is asked for', async () => {
    const { content } = await fetch(request({ history: true }));
    origin = content;
    expect(git('rev-parse', 'HEAD')).toBe(commit);
    expect(git('status', '--porcelain')).toBe('');
    expect(git('remote', 'get-url', 'origin')).toContain('app.git');
    expect(existsSync(join(content, '.git', 'FETCH_HEAD'))).toBe(false);
  });

  it('names the package of git', async () => {
    test = { ...test, ctx: { ...test.ctx, env: { PATH: '/nonexistent' } } };
    expect(await failure(request())).toMatchObject({ exitCode: ExitCode.host, remedies: ['sudo apt install git'] });
  });

  it("takes a folder in its place, without its author's repository", async () => {
    const wanted = request({}, { override: origin });
    const { folder } = await fetch(wanted);
    const root = join(lab, 'root');
    expect(await placeArtifact({ ...wanted, rootfs: '' }, folder, root, test.ctx, new Cleanup())).toEqual([
      { path: '/opt/app', owner: 'www' },
    ]);
    expect(readFileSync(join(root, 'opt/app/text'), 'utf8')).toBe('two\n');
    expect(existsSync(join(root, 'opt/app/.git'))).toBe(false);
  });
});
