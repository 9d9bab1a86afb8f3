import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';

import {
  CLOUD_INIT_SCHEMAS,
  cloudConfigProblems,
  networkConfigProblems,
  readCloudInitSchemas,
  validateCloudConfigFiles,
  validateCloudInitFragment,
} from '../../../builder/definition/cloud-init.ts';
import { parseYaml, type SourceDocument } from '../../../builder/definition/document.ts';
import { loadImage } from '../../../builder/definition/load.ts';
import { ExitCode } from '../../../builder/kit/errors.ts';
import { templatePath } from '../../../builder/kit/paths.ts';
import { testContext } from '../../helpers/context.ts';
import { folderOf } from './folder-of.ts';

const EXCERPT = fileURLToPath(new URL('../../fixtures/cloud-init-schemas', import.meta.url));
/** Of an installed or unpacked cloud-init, where the machine has one. */
const REAL = [process.env['UNITSMITH_CLOUD_INIT_SCHEMAS'], `/${CLOUD_INIT_SCHEMAS}`].find(
  (folder) => folder !== undefined && existsSync(folder),
);

function documentOf(text: string, file = 'user-data'): SourceDocument {
  const { document } = parseYaml(new TextEncoder().encode(text), file);
  if (document === undefined) throw new Error('the test is no YAML');
  return document;
}

async function temporary(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'unitsmith-cloud-init-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

describe('cloud-config, by an excerpt of a schema', () => {
  it.each([
    ['users: [default, { name: me, uid: 1000 }]\nruncmd: [[ls, -l], null]', []],
    ['usrs: []', ['user-data:1:1 /usrs cloud-init: "usrs" is not known here (Did you mean "users"?)']],
    [
      'runcmd:\n  - 5',
      [
        'user-data:2:5 /runcmd/0 cloud-init: runcmd[0] must be text or a list or empty, but is a whole number (Give text or a list or empty.)',
      ],
    ],
    [
      'users:\n  - name: me\n    lock_passwd: "no"',
      ['user-data:3:18 /users/0/lock_passwd cloud-init: users[0].lock_passwd must be true or false, but is text (Give true or false.)'],
    ],
    [
      'users: [{ name: me, snapuser: you }]',
      ['user-data:1:9 /users/0 cloud-init: users[0] mixes forms that exclude each other (Keep one of name, snapuser.)'],
    ],
    [
      'merge_how: [{ then: [{ then: 5 }] }]',
      [
        'user-data:1:30 /merge_how/0/then/0/then cloud-init: merge_how[0].then[0].then must be a list, but is a whole number (Give a list.)',
      ],
    ],
  ])('%s', async (text, wanted) => {
    const problems = cloudConfigProblems(documentOf(text), await readCloudInitSchemas(EXCERPT));
    expect(
      problems.map(
        ({ where, message, suggestion }) => `${where?.file}:${where?.line}:${where?.column} ${where?.path} ${message} (${suggestion})`,
      ),
    ).toEqual(wanted);
  });

  it('knows the exclusive limits of draft-04, and quotes no value', async () => {
    const document = documentOf('users: [{ name: me, uid: 0, passwd: "sekrit-sekrit-sekrit-sekrit" }]');
    const problems = cloudConfigProblems(document, await readCloudInitSchemas(EXCERPT));
    expect(problems.map(({ where }) => where?.path)).toEqual(['/users/0/uid', '/users/0/passwd']);
    expect(JSON.stringify(problems)).not.toContain('sekrit');
  });

  it('checks nothing where cloud-init ships no schema', async () => {
    expect(cloudConfigProblems(documentOf('nonsense: 1'), await readCloudInitSchemas(await temporary()))).toEqual([]);
  });
});

describe('network-config, by an excerpt of a schema', () => {
  it.each([
    ['version: 1\nconfig: [{ type: physical, name: eth0 }]', []],
    ['network: { version: 1, config: [{ type: nameserver, address: 192.0.2.1 }] }', []],
    ['network:\n  version: 1\n  config:\n    - type: nameserver', ['4:7 cloud-init: "address" is missing in config[0]']],
    ['version: 1\nconfig: [{ type: bond }]', ['2:18 cloud-init: config[0].type has a value that is not possible']],
    ['version: 3', ['1:10 a network configuration needs version: 1 or version: 2']],
  ])('%s', async (text, wanted) => {
    const problems = networkConfigProblems(documentOf(text), await readCloudInitSchemas(EXCERPT));
    expect(problems.map(({ where, message }) => `${where?.line}:${where?.column} ${message}`)).toEqual(wanted);
  });
});

describe('files and fragments', () => {
  it("points at the image's fragment where it stands in image.yaml", async () => {
    const folder = await folderOf({ replace: [['cloudInit:\n  ssh_pwauth: false', 'cloudInit:\n  runcmd: ls']] });
    const image = await loadImage(folder, testContext().ctx);
    await expect(validateCloudInitFragment(image, EXCERPT)).rejects.toMatchObject({
      exitCode: ExitCode.definition,
      problems: [
        { message: 'cloud-init: runcmd must be a list, but is text', where: { line: 108, column: 11, path: '/cloudInit/runcmd' } },
      ],
    });
  });

  it('reports every file at once', async () => {
    const folder = await temporary();
    await writeFile(join(folder, '10-good.cfg'), '#cloud-config\nruncmd: [ls]\n');
    await writeFile(join(folder, '20-bad.cfg'), '#cloud-config\nruncmd: []\n');
    await writeFile(join(folder, '30-broken.cfg'), '#cloud-config\n{');
    await writeFile(join(folder, 'README'), 'no cloud-config');
    await expect(validateCloudConfigFiles(folder, EXCERPT)).rejects.toMatchObject({
      problems: [{ where: { file: '20-bad.cfg', line: 2 } }, { where: { file: '30-broken.cfg' } }],
    });
    await rm(join(folder, '20-bad.cfg'));
    await rm(join(folder, '30-broken.cfg'));
    await expect(validateCloudConfigFiles(folder, EXCERPT)).resolves.toBeUndefined();
    await expect(validateCloudConfigFiles(join(folder, 'not-there'), EXCERPT)).resolves.toBeUndefined();
  });
});

describe.skipIf(REAL === undefined)('the schemas of a real cloud-init (installed, or in $UNITSMITH_CLOUD_INIT_SCHEMAS)', () => {
  it('compile, and take and refuse what cloud-init does', { timeout: 60_000 }, async () => {
    const schemas = await readCloudInitSchemas(REAL ?? '');
    const good =
      '#cloud-config\nusers: [default, { name: me, lock_passwd: false, sudo: "ALL=(ALL) ALL" }]\nwrite_files: [{ path: /x, content: y }]\nchpasswd: { expire: false }\n';
    expect(cloudConfigProblems(documentOf(good), schemas)).toEqual([]);
    const bad = 'write_files: [{ content: y }]\nusers: [{ name: me, lock_passwd: "no" }]\nruncmd: ls\nnonsense: 1';
    expect(
      cloudConfigProblems(documentOf(bad), schemas)
        .map(({ where }) => where?.path)
        .sort(),
    ).toEqual(['/nonsense', '/runcmd', '/users/0/lock_passwd', '/write_files/0']);
    expect(networkConfigProblems(documentOf('version: 2\nethernets: { all: { match: { name: "e*" }, dhcp4: true } }'), schemas)).toEqual(
      [],
    );
    expect(networkConfigProblems(documentOf('network: { version: 2, ethernetz: {} }'), schemas)).toHaveLength(1);
  });

  it('take what every unit is baked with', { timeout: 60_000 }, async () => {
    const shipped = templatePath('system', 'rootfs', 'etc', 'cloud', 'cloud.cfg.d');
    expect((await readdir(shipped)).length).toBeGreaterThan(0);
    const folder = await temporary();
    await mkdir(join(folder, 'd'));
    for (const name of await readdir(shipped)) await writeFile(join(folder, 'd', name), await readFile(join(shipped, name)));
    await expect(validateCloudConfigFiles(join(folder, 'd'), REAL ?? '')).resolves.toBeUndefined();
  });
});
