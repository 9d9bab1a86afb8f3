import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';

import { Cleanup } from '../../../builder/kit/cleanup.ts';
import { makeVirtualenv } from '../../../builder/sources/pypi/virtualenv.ts';
import { testContext } from '../../helpers/context.ts';

const VENV = '/opt/shop/venv';

/** Stands for pip: unpacks wheels, and says who it is. */
const PIP = `import os, sys, sysconfig, zipfile
wheels = '/build/wheels'
for name in os.listdir(wheels):
    zipfile.ZipFile(os.path.join(wheels, name)).extractall(sysconfig.get_path('purelib'))
with open(os.path.join(sys.prefix, 'who'), 'w') as file: file.write(f'{os.getuid()} {os.getgid()}')
`;

let lab: string;

/** The interpreter of this machine in the place of an image's: what it takes to start, and its library. */
function makeRootfs(file: string): void {
  const python = realpathSync('/usr/bin/python3');
  const library = `/usr/lib/${python.slice(python.lastIndexOf('/') + 1)}`;
  const shared = [...execFileSync('ldd', [python], { encoding: 'utf8' }).matchAll(/(\/\S+)/g)].map(([path = '']) => path);
  const links = ['/bin', '/lib', '/lib64', '/usr/bin/python3'];
  const libraries = shared.flatMap((path) => [join(realpathSync(dirname(path)), path.slice(path.lastIndexOf('/'))), realpathSync(path)]);
  const more = ['/usr/bin/env', '/etc/ld.so.cache', '/etc/ssl/certs/ca-certificates.crt'];
  const names = [...new Set([...links, ...more, python, library, ...libraries])].map((path) => `./${relative('/', path)}`);
  execFileSync('tar', ['--create', '--file', file, '--directory', '/', '--exclude=__pycache__', '--exclude=test', ...names]);
}

function zip(file: string, files: Record<string, string>): void {
  const tree = mkdtempSync(join(lab, 'zip-'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), text);
  }
  execFileSync('bsdtar', ['--format', 'zip', '-cf', file, '-C', tree, ...readdirSync(tree)]);
}

beforeAll(() => {
  lab = mkdtempSync(join(tmpdir(), 'virtualenv-'));
  makeRootfs(join(lab, 'rootfs.tar'));
  zip(join(lab, 'pip.whl'), { 'pip/__main__.py': PIP });
  mkdirSync(join(lab, 'wheels'));
  zip(join(lab, 'wheels', 'shop-1.0-py3-none-any.whl'), {
    'shop.py': 'VERSION = 1\n',
    'shop.pth': `import sys; open('${VENV}/ran', 'a').write('site')\n`,
    'sitecustomize.py': `open('${VENV}/ran', 'a').write('sitecustomize')\n`,
  });
});

async function make(root: string): Promise<void> {
  const { ctx } = testContext();
  const cleanup = new Cleanup();
  const wheels = { wheels: join(lab, 'wheels'), names: ['shop-1.0-py3-none-any.whl'], pip: join(lab, 'pip.whl') };
  try {
    await makeVirtualenv({ artifact: 'app', path: VENV, rootfs: join(lab, 'rootfs.tar'), ...wheels }, root, ctx, cleanup);
  } finally {
    expect(await cleanup.run()).toEqual([]);
  }
}

describe('a virtual environment', () => {
  it('is made as nobody, runs nothing of its wheels, and is the caller’s in the end', async () => {
    const before = process.umask(0o077);
    const root = mkdtempSync(join(lab, 'root-'));
    try {
      await make(root);
    } finally {
      process.umask(before);
    }
    const made = join(root, VENV);
    expect(readFileSync(join(made, 'who'), 'utf8')).toBe('65534 65534');
    expect(existsSync(join(made, 'ran'))).toBe(false);
    const packages = join(made, 'lib', readdirSync(join(made, 'lib'))[0] ?? '', 'site-packages');
    expect(readdirSync(join(packages, '__pycache__')).map((name) => name.split('.')[0])).toEqual(['shop', 'sitecustomize']);
    const all = ['.', ...readdirSync(made, { recursive: true, encoding: 'utf8' })].filter((path) => existsSync(join(made, path)));
    expect(new Set(all.filter((path) => statSync(join(made, path)).uid !== process.geteuid?.()))).toEqual(new Set());
  });

  it('is not put through a link that leads out of the root', async () => {
    const root = mkdtempSync(join(lab, 'root-'));
    const outside = mkdtempSync(join(lab, 'outside-'));
    symlinkSync(outside, join(root, 'opt'));
    await expect(make(root)).rejects.toMatchObject({ message: expect.stringContaining('/opt is a link') });
    expect(readdirSync(outside)).toEqual([]);
  });
});
