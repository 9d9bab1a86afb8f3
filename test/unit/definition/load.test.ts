import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { loadImage } from '../../../builder/definition/load.ts';
import { ExitCode, UserError } from '../../../builder/kit/errors.ts';
import { testContext } from '../../helpers/context.ts';
import { type Change, findingsOf, folderOf } from './folder-of.ts';

async function failureOf(image: string, cwd?: string): Promise<UserError> {
  const failure = await loadImage(image, testContext().ctx, cwd === undefined ? {} : { cwd }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(UserError);
  return failure as UserError;
}

const yaml = (text: string | Uint8Array): Change => ({ files: { 'image.yaml': text } });

describe('a definition that uses every member', () => {
  it('has no finding', async () => {
    expect(await findingsOf({}, ['private-key'])).toEqual([]);
  });

  it('loads, frozen to the bottom', async () => {
    const image = await loadImage(await folderOf(), testContext().ctx);
    expect(image.definition.services['app']).toEqual({
      after: ['postgresql', 'memcached'],
      ready: { http: 'http://127.0.0.1:8000/health', status: 204 },
      timeout: 300,
    });
    expect(image.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(image.settingsSchema).toMatchObject({ required: ['admin'] });
    expect(() => {
      (image.definition.services['app'] as { timeout: number }).timeout = 1;
    }).toThrow(TypeError);
    expect(() => (image.settingsSchema as { required: string[] }).required.push('x')).toThrow(TypeError);
  });

  it('is hashed by what makes the image: not by sample/, README and lock.json', async () => {
    const { ctx } = testContext();
    const hash = async (change: Change = {}): Promise<string> => (await loadImage(await folderOf(change), ctx)).hash;
    const plain = await hash();
    const nothing = { 'sample/more.txt': 'x', 'README.ru.md': 'x', 'lock.json': '{}' };
    expect(await hash({ files: nothing })).toBe(plain);
    const changes: Change[] = [
      { files: { 'rootfs/etc/motd': 'x' } },
      { files: { 'templates/app.ini.hbs': '{{secrets.db}}{{settings.product}}' } },
      { replace: [['cpus: 2', 'cpus: 3']] },
      { executable: ['EULA.txt'] },
      { files: { 'app/README.md': 'inside an artifact it counts' } },
    ];
    const hashes = await Promise.all(changes.map(hash));
    expect(new Set([plain, ...hashes]).size).toBe(changes.length + 1);
  });
});

describe('loadImage', () => {
  it('reports every problem at once, with file, line, column, pointer and suggestion', async () => {
    const folder = await folderOf({
      replace: [
        ['distribution: debian', 'distribution: debain'],
        ['cpus: 2', 'cpu: 2'],
        ['timeout: 300', 'timeout: soon'],
      ],
    });
    const failure = await failureOf(folder, folder);
    expect(failure.exitCode).toBe(ExitCode.definition);
    expect(failure.message).toMatch(/has 4 errors$/);
    expect(failure.problems).toEqual([
      {
        message: 'base.distribution cannot be "debain"',
        where: { file: 'image.yaml', line: 18, column: 23, path: '/base/distribution' },
        suggestion: 'Did you mean "debian"? Allowed: debian, ubuntu.',
      },
      {
        message: 'services.app.timeout must be a whole number, but is text',
        where: { file: 'image.yaml', line: 51, column: 14, path: '/services/app/timeout' },
        suggestion: 'Give a whole number.',
      },
      {
        message: '"cpus" is missing in hardware',
        where: { file: 'image.yaml', line: 109, column: 1, path: '/hardware' },
        suggestion: 'Add cpus.',
      },
      {
        message: '"cpu" is not known in hardware',
        where: { file: 'image.yaml', line: 110, column: 3, path: '/hardware/cpu' },
        suggestion: 'Did you mean "cpus"?',
      },
    ]);
  });

  it('emits warnings and loads all the same', async () => {
    const { ctx, events } = testContext();
    await loadImage(await folderOf({ replace: [['kernel: generic', 'kernel: cloud']] }), ctx);
    expect(events).toMatchObject([{ type: 'finding', rule: 'kernel-drivers', severity: 'warning' }]);
  });

  it.each([
    ['no such name', 'no-such', 'There is no image "no-such"'],
    ['no such folder', './no-such', 'There is no image in no-such'],
    ['an empty name', '', 'The name of the image is empty'],
    ['a name with a quote', "o'clock", 'There is no image "o\'clock"'],
    ['a name that is none', 'ü b', 'There is no image "ü b"'],
  ])('says that there is %s', async (_what, image, message) => {
    expect((await failureOf(image, await folderOf())).message).toBe(message);
  });

  it('finds by name in ./images first, by path with a slash, and by the file itself', async () => {
    const folder = await folderOf();
    const cwd = join(folder, '..');
    await mkdir(join(cwd, 'images'));
    await symlink(folder, join(cwd, 'images', 'mine'));
    const { ctx } = testContext();
    for (const image of ['mine', './whole', 'whole/', folder, './whole/image.yaml']) {
      expect((await loadImage(image, ctx, { cwd })).definition.name).toBe('whole');
    }
    const failure = await failureOf('mien', cwd);
    expect(failure.remedies[0]).toBe('Did you mean mine?');
  });
});

describe('files that cannot be read', () => {
  it.each<[string, Change, string]>([
    ['empty', yaml(''), 'syntax image.yaml:1:1 -: the file is empty [Start from a skeleton: unitsmith new NAME.]'],
    ['blank', yaml(' \n\n'), 'syntax image.yaml:1:1 -: the file is empty [Start from a skeleton: unitsmith new NAME.]'],
    ['not UTF-8', yaml(new Uint8Array([0x6e, 0xff, 0xfe])), 'syntax image.yaml:1:1 -: the file is not UTF-8 text [Save it as UTF-8.]'],
    ['huge', yaml('x'.repeat(2 << 20)), 'syntax image.yaml:1:1 -: the file is larger than 1 MiB [Is this the right file?]'],
    [
      'a duplicate key',
      { replace: [['version: 1.2.0', 'version: 1.2.0\nversion: 1.2.1']] },
      'syntax image.yaml:4:1 -: "version" is given twice [Keep one of them.]',
    ],
    [
      'a tab',
      yaml('unitsmith: 1\nbase:\n\tsuite: trixie\n'),
      'syntax image.yaml:3:1 -: this line is indented with a tab [YAML is indented with spaces.]',
    ],
    ['two documents', yaml('a: 1\n---\nb: 1\n'), 'syntax image.yaml:2:1 -: a second document starts here [Remove the line ---.]'],
    [
      'a tag',
      { replace: [['name: whole', 'name: !env whole']] },
      'syntax image.yaml:2:7 -: this tag (!name) means nothing here [Put a text that starts with ! in quotes.]',
    ],
    [
      'a list at the top',
      yaml('- a\n'),
      'schema image.yaml:1:1 : the document must be a group of "name: value" lines, but is a list [Give a group of "name: value" lines.]',
    ],
    ['settings that are no JSON', { files: { 'settings.schema.json': '{\n  "type": "object",\n  // no\n}' } }, 'settings.schema.json:3:'],
    [
      'settings with a key twice',
      { files: { 'settings.schema.json': '{\n\t"type": "object",\n\t"type": "object"\n}' } },
      'syntax settings.schema.json:3:2 -: "type" is given twice',
    ],
    ['answers that are no YAML', { files: { 'sample/answers.yaml': 'a: [1' } }, 'syntax sample/answers.yaml:'],
  ])('%s', async (_what, change, wanted) => {
    const findings = await findingsOf(change);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toContain(wanted);
  });

  it('says where a malformed line is', async () => {
    const findings = await findingsOf({ replace: [['packages: [postgresql', 'packages: [postgresql: {']] });
    expect(findings[0]).toMatch(/^syntax image\.yaml:(18|19|20):\d+ -: this cannot be read: /);
  });

  it('is not brought down by aliases that expand without end', async () => {
    const bomb = [
      'a: &a [x, x, x, x, x, x, x, x, x, x]',
      ...'bcdefghi'.split('').map((name, i) => `${name}: &${name} [${Array(10).fill(`*${'abcdefghi'[i]}`).join(', ')}]`),
    ];
    const started = Date.now();
    const findings = await findingsOf(yaml(bomb.join('\n')));
    expect(findings).toEqual([expect.stringContaining('the aliases (*name) in this file cannot be expanded')]);
    expect(Date.now() - started).toBeLessThan(5000);
  });

  it('takes anchors within reason, and points into them', async () => {
    const replace = [
      ['title: { en: Database password }', 'title: &t { en: Database password }'],
      ['title: { en: Database role }', 'title: *t'],
    ] as const;
    expect(await findingsOf({ replace })).toEqual([]);
    const wrong = [
      ['title: { en: Database password }', 'title: &t { en: 5 }'],
      ['title: { en: Database role }', 'title: *t'],
    ] as const;
    expect(await findingsOf({ replace: wrong })).toEqual([
      'schema image.yaml:69:21 /steps/0/title/en: steps[0].title.en must be text, but is a whole number [Put it in quotes: "5".]',
      'schema image.yaml:69:21 /steps/1/title/en: steps[1].title.en must be text, but is a whole number [Put it in quotes: "5".]',
    ]);
  });
});

describe('the folder', () => {
  it('refuses a link that leads out, even as image.yaml, and does not read it', async () => {
    const folder = await folderOf({ files: { 'image.yaml': null } });
    await writeFile(join(folder, '..', 'secret.yaml'), 'password: hunter2');
    await symlink('../secret.yaml', join(folder, 'image.yaml'));
    await symlink('/etc/passwd', join(folder, 'templates', 'passwd'));
    const failure = await failureOf(folder, folder);
    expect(failure.problems.map(({ message }) => message)).toEqual([
      'the link image.yaml leads out of the image folder, to ../secret.yaml',
      'the link templates/passwd leads out of the image folder, to /etc/passwd',
    ]);
    expect(JSON.stringify(failure)).not.toContain('hunter2');
  });

  it('takes links within, and links of the unit below rootfs/', async () => {
    const folder = await folderOf({ files: { 'EULA.txt': null } });
    await symlink('README.md', join(folder, 'EULA.txt'));
    await symlink('/dev/null', join(folder, 'rootfs', 'etc', 'systemd', 'system', 'apt-daily.service'));
    expect((await loadImage(folder, testContext().ctx)).definition.eula).toBe('EULA.txt');
  });

  it('refuses a link that leads nowhere', async () => {
    const folder = await folderOf();
    await symlink('not-there', join(folder, 'scripts', '20-more'));
    expect((await failureOf(folder)).problems[0]?.message).toBe('the link scripts/20-more leads nowhere, to not-there');
  });
});

describe('unions', () => {
  it.each<[string, readonly [string, string], string]>([
    [
      'an artifact of unknown kind',
      ['kind: pypi', 'kind: pip'],
      '/artifacts/wheels/kind: artifacts.wheels.kind cannot be "pip" [Allowed: container, debian, file, git, maven, npm, pypi, url.]',
    ],
    [
      'an artifact without kind',
      ['kind: pypi\n', '\n'],
      '/artifacts/wheels: "kind" is missing in artifacts.wheels [Add kind: one of container, debian, file, git, maven, npm, pypi, url.]',
    ],
    [
      'a slip in an artifact',
      ['unpack: true', 'unpak: true'],
      '/artifacts/data/unpak: "unpak" is not known in artifacts.data [Did you mean "unpack"?]',
    ],
    ['a slip within a branch of a branch', ['sha256: e3b0', 'sha265: e3b0'], '/artifacts/extra/packages/1'],
    ['a step of unknown use', ['use: command', 'use: comand'], '/steps/3/use: steps[3].use cannot be "comand" [Did you mean "command"?'],
    [
      'a wrong parameter of a step',
      ['length: 40', 'length: 4'],
      '/steps/0/with/length: steps[0].with.length is less than 8 [Give 8 or more.]',
    ],
    [
      'a data disk more than the SCSI adapter has addresses for',
      ['- { name: data, size: 20 GiB }', [1, 2, 3, 4, 5, 6, 7].map((number) => `- { name: d${number}, size: 1 GiB }`).join('\n    ')],
      '/hardware/dataDisks: hardware.dataDisks has more than 6 entries [',
    ],
    [
      'a probe of unknown kind',
      ["{ tcp: '127.0.0.1:11211' }", "{ tpc: '127.0.0.1:11211' }"],
      '/services/memcached/ready: services.memcached.ready must have one of tcp, http, command, unit [Did you mean "tcp"?]',
    ],
    [
      'a wrong member of a probe',
      ['status: 204', 'status: ok'],
      '/services/app/ready/status: services.app.ready.status must be a whole number, but is text [Give a whole number.]',
    ],
    [
      'a probe that is a text',
      ["{ tcp: '127.0.0.1:11211' }", '127.0.0.1:11211'],
      '/services/memcached/ready: services.memcached.ready must have one of tcp, http, command, unit [',
    ],
  ])('%s is reported for the branch that was meant', async (_what, replacement, wanted) => {
    const findings = await findingsOf({ replace: [replacement] });
    expect(findings.join('\n')).toContain(wanted);
    expect(findings.join('\n')).not.toMatch(/anyOf|schema in|branch/);
    expect(findings.length).toBeLessThanOrEqual(2);
  });
});

describe('values', () => {
  it.each<[string, readonly [string, string], string]>([
    [
      'a version that is a number',
      ['version: 1.2.0', 'version: 1.10'],
      'schema image.yaml:3:10 /version: version must be text, but is a number [Put it in quotes: "1.10".]',
    ],
    [
      'a name with spaces and quotes',
      ['name: whole', 'name: "My \'image\' ü"'],
      'schema image.yaml:2:7 /name: name does not have the form that is wanted, found "My \'image\' ü" [Wanted: lower-case letters, digits and hyphens, a letter first.]',
    ],
    [
      'a bad name of a service',
      ['  memcached:', '  Mem Cached:'],
      'schema image.yaml:45:3 /services/Mem Cached: "Mem Cached" is not a possible name in services [Lower-case letters, digits and hyphens, a letter first.]',
    ],
    [
      'a size without unit',
      ['memory: 2 GiB', 'memory: 2G'],
      'schema image.yaml:111:11 /hardware/memory: hardware.memory does not have the form that is wanted, found "2G" [Wanted: a size with its unit: `512 MiB`, `10 GiB`.]',
    ],
    [
      'no format',
      ['formats: [ova, qcow2, raw, vmdk]', 'formats: []'],
      'schema image.yaml:115:1 /formats: formats must not be empty [Give at least one entry.]',
    ],
    [
      'a package twice',
      ['packages: [postgresql, nginx', 'packages: [postgresql, nginx, nginx'],
      'schema image.yaml:20:31 /packages/2: packages has the same entry twice [Keep one of them.]',
    ],
    [
      'a null',
      ['cpus: 2', 'cpus:'],
      'schema image.yaml:110:3 /hardware/cpus: hardware.cpus must be a whole number, but is empty [Give a whole number.]',
    ],
    [
      'no such version of the format',
      ['unitsmith: 1', 'unitsmith: 2'],
      'schema image.yaml:1:12 /unitsmith: unitsmith cannot be 2 [Allowed: 1.]',
    ],
    [
      'a member that JavaScript knows',
      ['unitsmith: 1', 'unitsmith: 1\n__proto__: { x: 1 }\nconstructor: 1'],
      '"constructor" is not known here',
    ],
  ])('%s', async (_what, replacement, wanted) => {
    expect((await findingsOf({ replace: [replacement] })).join('\n')).toContain(wanted);
  });
});
