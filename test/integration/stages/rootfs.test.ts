import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import type { LoadedImage } from '../../../builder/definition/definition.ts';
import { Cleanup } from '../../../builder/kit/cleanup.ts';
import { type RootfsInput, rootfsStage } from '../../../builder/stages/rootfs.ts';
import { testContext } from '../../helpers/context.ts';
import { fakeProgram } from '../../helpers/fake-program.ts';

const HOST = {
  http_proxy: 'http://proxy.example:3128',
  PIP_INDEX_URL: 'https://mirror.example/simple',
  npm_config_registry: 'https://npm.example',
};

/** What the customize hook writes, and the tar: the last argument but one is where mmdebstrap puts it. */
const SUCCESS = `
for last; do tar=$before; before=$last; done
echo made > "$tar"
echo 6.12.1 > "$UNITSMITH_OUT/kernels"
touch "$UNITSMITH_OUT/vmlinuz-6.12.1" "$UNITSMITH_OUT/initrd.img-6.12.1"
echo 1000 > "$UNITSMITH_OUT/installed-bytes"
mkdir "$UNITSMITH_OUT/cloud-init-schemas"
printf 'ii \\tnginx\\t1.0\\tamd64\\tnginx\\t1.0\\t10\\n' > "$UNITSMITH_OUT/packages.tsv"
echo 'Unpacking nginx (1.0) ...'
echo 'Setting up nginx (1.0) ...'
env > "$UNITSMITH_OUT/../environment"
cat /proc/net/dev > "$UNITSMITH_OUT/../network"
stat --file-system --format=%T "$TMPDIR" > "$UNITSMITH_OUT/../file-system"
`;

function prepare(mmdebstrap: string, installedKib = 1000) {
  const work = mkdtempSync(join(tmpdir(), 'unitsmith-test-'));
  const folder = join(work, 'stage');
  const systemFiles = join(work, 'system');
  mkdirSync(folder);
  mkdirSync(systemFiles);
  writeFileSync(join(systemFiles, 'file'), 'x');
  mkdirSync(join(work, 'repository'));
  writeFileSync(join(work, 'repository', 'Packages'), `Package: nginx\nInstalled-Size: ${installedKib}\nSize: 500\n`);
  const path = `${fakeProgram('mmdebstrap', mmdebstrap)}:${process.env.PATH}`;
  const test = testContext({ env: { ...process.env, ...HOST, PATH: path } });
  const input: RootfsInput = {
    image: { definition: { base: { distribution: 'debian', suite: 'trixie', architecture: 'amd64' } } } as unknown as LoadedImage,
    repository: join(work, 'repository'),
    packages: [{ name: 'nginx', version: '1.0' }],
    requested: ['nginx'],
    sources: 'deb http://deb.debian.org/debian trixie main\n',
    systemFiles: [systemFiles],
  };
  const run = async (): Promise<void> => {
    const cleanup = new Cleanup();
    try {
      await rootfsStage.run(input, folder, test.ctx, cleanup);
    } finally {
      expect(await cleanup.run()).toEqual([]);
    }
  };
  return { run, folder, work, test, input };
}

describe('rootfsStage', () => {
  it('gives the tar and what was learnt of it, and reports progress', async () => {
    const { run, folder, test, input } = prepare(SUCCESS);
    await run();
    expect(readdirSync(folder)).not.toContain('work');
    const output = await rootfsStage.open(folder, input);
    expect(output).toMatchObject({ kernelVersion: '6.12.1', installedBytes: 1000, packages: [{ name: 'nginx', version: '1.0' }] });
    expect(readFileSync(output.tar, 'utf8')).toBe('made\n');
    expect(test.events).toContainEqual(expect.objectContaining({ type: 'progress', fraction: 1 }));
  });

  it.skipIf(freemem() < 8 * 2 ** 30)(
    'works in memory where there is room for all that packages take, else on disk (needs 8 GiB of free memory)',
    async () => {
      const fileSystem = async (installedKib: number): Promise<string> => {
        const { run, work } = prepare(SUCCESS, installedKib);
        await run();
        return readFileSync(join(work, 'file-system'), 'utf8').trim();
      };
      expect(await fileSystem(1000)).toBe('tmpfs');
      expect(await fileSystem(2 ** 40)).toBe(execFileSync('stat', ['--file-system', '--format=%T', tmpdir()], { encoding: 'utf8' }).trim());
    },
  );

  it("shows maintainer scripts nothing of the host's settings, and no network", async () => {
    const { run, work } = prepare(SUCCESS);
    await run();
    const environment = readFileSync(join(work, 'environment'), 'utf8');
    for (const [name, value] of Object.entries(HOST)) {
      expect(environment).not.toContain(name);
      expect(environment).not.toContain(value);
    }
    const interfaces = readFileSync(join(work, 'network'), 'utf8')
      .split('\n')
      .filter((line) => line.includes(':'));
    expect(interfaces.map((line) => line.trim().split(':')[0])).toEqual(['lo']);
  });

  it('refuses a result that is not what was resolved', async () => {
    const { run } = prepare(`${SUCCESS}\nsed -i s/1.0/1.1/ "$UNITSMITH_OUT/packages.tsv"`);
    await expect(run()).rejects.toMatchObject({
      exitCode: 6,
      problems: [{ message: 'nginx: 1.0 was resolved, 1.1 is installed' }],
    });
  });

  it('names the package whose script failed, and leaves no tree', async () => {
    const { run, folder } = prepare(`
      mkdir -p "$TMPDIR/tree/etc"; chown 123:456 "$TMPDIR/tree/etc"
      echo 'Errors were encountered while processing:' >&2; echo ' nginx' >&2; exit 1`);
    await expect(run()).rejects.toMatchObject({ exitCode: 6, message: 'Could not install nginx' });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('ends at once, with everything that it started, on Ctrl-C', async () => {
    // It goes on with other work when it is asked to end: the first process of a namespace need not hear that.
    const { run, folder, work, test } = prepare(`mkdir "$TMPDIR/tree"; echo up > "$UNITSMITH_OUT/../up"; sleep 20; sleep 300`);
    const running = run();
    while (!existsSync(join(work, 'up'))) await new Promise((resolve) => setTimeout(resolve, 20));
    const asked = performance.now();
    test.abort();
    await expect(running).rejects.toMatchObject({ name: 'Interrupted' });
    // Not after the ten seconds that other programs are given.
    expect(performance.now() - asked).toBeLessThan(8000);
    expect(readdirSync(folder)).toEqual([]);
  });
});

it('hands mmdebstrap the dpkg options of all folders, in the order in which dpkg reads them', async () => {
  const { run, input, work } = prepare(`${SUCCESS}\nprintf '%s\\n' "$@" > "$UNITSMITH_OUT/../arguments"`);
  const folders = ['50-more', '10-first'].map((name) => {
    const folder = join(work, `files of ${name}`);
    mkdirSync(join(folder, 'etc/dpkg/dpkg.cfg.d'), { recursive: true });
    writeFileSync(join(folder, 'etc/dpkg/dpkg.cfg.d', name), 'path-exclude=/usr/share/man/*\n');
    return folder;
  });
  input.systemFiles = folders;
  await run();
  const given = readFileSync(join(work, 'arguments'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('--dpkgopt=/'));
  expect(given.map((line) => line.split('/').at(-1))).toEqual(['10-first', '50-more']);
});

describe('the id of the rootfs stage', () => {
  it('changes with a version, and not with the folder of the repository', async () => {
    const { input, test } = prepare('');
    const inputs = async (change: Partial<RootfsInput>) => JSON.stringify(await rootfsStage.inputs({ ...input, ...change }, test.ctx));
    expect(await inputs({ repository: '/elsewhere' })).toBe(await inputs({}));
    expect(await inputs({ packages: [{ name: 'nginx', version: '1.1' }] })).not.toBe(await inputs({}));
  });
});
