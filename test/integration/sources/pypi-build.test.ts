import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';

import { Cleanup } from '../../../builder/kit/cleanup.ts';
import { ExitCode } from '../../../builder/kit/errors.ts';
import { type BuildRequest, buildWheels } from '../../../builder/sources/pypi/build.ts';
import { makeAptRepository } from '../../helpers/apt-repository.ts';
import { type TestContext, testContext } from '../../helpers/context.ts';

let test: TestContext;
let lab: string;
let request: BuildRequest;

/** Stands for mmdebstrap, which takes half a minute and a whole archive; what it is asked for is kept. */
function fakeMmdebstrap(script: string): void {
  writeFileSync(join(lab, 'bin', 'mmdebstrap'), `#!/bin/sh\nprintf '%s\\n' "$@" >> ${lab}/asked\n${script}\n`, { mode: 0o755 });
}

/** The archive, with libpq-dev in this version. */
function publish(version: string): void {
  rmSync(join(lab, 'repo'), { recursive: true, force: true });
  const packages = ['apt', 'python3', 'python3-pip', 'python3-setuptools', 'python3-wheel'].map((name) => ({ name }));
  makeAptRepository(join(lab, 'repo'), [{ name: 'base-files', fields: ['Essential: yes'] }, ...packages, { name: 'libpq-dev', version }]);
}

beforeEach(() => {
  lab = mkdtempSync(join(tmpdir(), 'build-'));
  mkdirSync(join(lab, 'bin'));
  publish('1.0');
  test = testContext({
    env: { PATH: `${lab}/bin:${process.env.PATH}`, HOME: lab, PIP_INDEX_URL: 'https://me:geheim42@example.org/simple' },
  });
  writeFileSync(join(lab, 'thing-1.0.tar.gz'), 'source');
  request = {
    artifact: 'app',
    sdists: [{ path: join(lab, 'thing-1.0.tar.gz'), name: 'thing-1.0.tar.gz', sha256: 'a'.repeat(64) }],
    packages: ['libpq-dev'],
    guest: {
      base: { distribution: 'debian', suite: 'trixie', architecture: 'amd64' },
      archive: { mirror: `deb [trusted=yes] file:${lab}/repo ./` },
      python: '3.13',
    },
  };
});

async function build(): Promise<string[]> {
  const cleanup = new Cleanup();
  try {
    return await buildWheels(request, test.ctx, cleanup);
  } finally {
    expect(await cleanup.run()).toEqual([]);
  }
}

const asked = (): string => execFileSync('cat', [join(lab, 'asked')], { encoding: 'utf8' });

describe('buildWheels', () => {
  it('builds once, with the packages that the definition names, and remembers', async () => {
    fakeMmdebstrap('ls "$UNITSMITH_SDISTS" > /dev/null && : > "$UNITSMITH_WHEELS/thing-1.0-py3-none-any.whl"');
    const wheels = await build();
    expect(wheels.map((path) => path.slice(path.lastIndexOf('/') + 1))).toEqual(['thing-1.0-py3-none-any.whl']);
    expect(asked()).toContain('--include=apt,python3,python3-pip,python3-setuptools,python3-wheel,libpq-dev');
    expect(await build()).toEqual(wheels);
    expect(asked().match(/--include/g)).toHaveLength(1);
    expect(readdirSync(join(test.ctx.cacheDir, 'tmp'))).toEqual([]);
  });

  it('builds again once the archive has other build packages', async () => {
    fakeMmdebstrap(': > "$UNITSMITH_WHEELS/thing-1.0-py3-none-any.whl"');
    const before = await build();
    publish('1.1');
    const after = await build();
    expect(after).not.toEqual(before);
    expect(await build()).toEqual(after);
    expect(asked().match(/--include/g)).toHaveLength(2);
  });

  it("sees nothing of the host's settings", async () => {
    fakeMmdebstrap(`env > ${lab}/environment; : > "$UNITSMITH_WHEELS/thing-1.0-py3-none-any.whl"`);
    await build();
    expect(execFileSync('cat', [join(lab, 'environment')], { encoding: 'utf8' })).not.toMatch(/geheim42|PIP_/);
  });

  it('shows what a failed build said, names build_packages, and keeps nothing', async () => {
    fakeMmdebstrap('echo "Error: pg_config executable not found." >&2; exit 1');
    await expect(build()).rejects.toMatchObject({
      exitCode: ExitCode.source,
      message: 'Artifact app: a source distribution cannot be built',
      remedies: [expect.stringContaining('build_packages'), expect.any(String)],
      excerpt: { lines: ['Error: pg_config executable not found.'] },
    });
    expect(readdirSync(join(test.ctx.cacheDir, 'tmp'))).toEqual([]);
    expect(readdirSync(join(test.ctx.cacheDir, 'downloads'))).not.toContain('built');
  });

  it('names a build package that does not exist', async () => {
    request = { ...request, packages: ['libpg-dev'] };
    await expect(build()).rejects.toMatchObject({ exitCode: ExitCode.definition, message: 'There is no package libpg-dev' });
  });
});
