import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { parse, stringify } from 'yaml';

import { CLOUD_INIT_SCHEMAS, cloudConfigProblems, readCloudInitSchemas } from '../../../builder/definition/cloud-init.ts';
import { parseYaml } from '../../../builder/definition/document.ts';
import { answersUserData } from '../../../builder/vm/seeds/answers.ts';
import { UNIT_PATHS } from '../../../firstboot/contract/unit.ts';
import { readDocument } from '../../../firstboot/sources/ovf-environment.ts';
import { Account, CHECKOUT, eventsOf, inProcess } from '../../helpers/cli-bundle.ts';

const PASSWORD = `p'w"d $HOME & <b> пароль\u2028x`;
const ANSWERS = {
  schemaVersion: 1,
  unattended: true,
  administrator: { password: PASSWORD },
  product: { superuserEmail: 'owner@example.org' },
};
const SCHEMA = JSON.parse(readFileSync(join(CHECKOUT, 'images/sphere/settings.schema.json'), 'utf8')) as object;

/** Of an installed or unpacked cloud-init, where the machine has one. */
const REAL = [process.env['UNITSMITH_CLOUD_INIT_SCHEMAS'], `/${CLOUD_INIT_SCHEMAS}`].find(
  (folder) => folder !== undefined && existsSync(folder),
);

let account: Account;
beforeEach(() => {
  account = new Account();
  vi.spyOn(process, 'cwd').mockReturnValue(account.cwd);
});

/** Writes an answers file with a comment and returns its path and text. */
function answersFile(data: object): { path: string; text: string } {
  const path = join(account.cwd, "it's mine.yaml");
  const text = `# mine\n${stringify(data)}`;
  writeFileSync(path, text);
  return { path, text };
}

const seed = (path: string, ...more: string[]) =>
  inProcess(account, ['--json', 'seed', 'sphere', '--answers', path, '--out', account.out, ...more]);

/** One file of a CD, as another program reads it. */
function onCd(iso: string, name: string): string {
  const { stdout, status, stderr } = spawnSync('bsdtar', ['-xOf', iso, name], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

describe('seed', () => {
  it('makes what a unit reads back as the same file, byte for byte', async () => {
    const { path, text } = answersFile(ANSWERS);
    const outcome = await seed(path);
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    const { files } = eventsOf(outcome).at(-1)!['data'] as {
      files: Record<'answersDisk' | 'nocloud' | 'ovfEnvironment' | 'userData', string>;
    };
    expect(readdirSync(account.out).sort()).toEqual([
      'sphere-answers.iso',
      'sphere-nocloud.iso',
      'sphere-ovf-environment.iso',
      'sphere-user-data.yaml',
    ]);
    for (const file of Object.values(files)) expect(statSync(file).mode & 0o777).toBe(0o600);

    expect(onCd(files.answersDisk, 'answers.yaml')).toBe(text);
    const userData = onCd(files.nocloud, 'user-data');
    expect(userData).toBe(readFileSync(files.userData, 'utf8'));
    const [file] = (parse(userData) as { write_files: [{ path: string; encoding: string; content: string; permissions: string }] })
      .write_files;
    expect(file).toMatchObject({ path: UNIT_PATHS.cloudInitAnswers, encoding: 'b64', permissions: '0600' });
    expect(Buffer.from(file.content, 'base64').toString()).toBe(text);

    const { layers, problems } = readDocument(onCd(files.ovfEnvironment, 'ovf-env.xml'), 'env', SCHEMA);
    expect(problems).toEqual([]);
    expect(layers.map(({ answers }) => answers)).toEqual([ANSWERS]);
  });

  it.skipIf(REAL === undefined)(
    `makes user-data that cloud-init's own schema takes${REAL === undefined ? ': there is no cloud-init here' : ''}`,
    async () => {
      const { document } = parseYaml(Buffer.from(answersUserData(Buffer.from('schemaVersion: 1'))), 'user-data');
      expect(document && cloudConfigProblems(document, await readCloudInitSchemas(REAL ?? ''))).toEqual([]);
    },
  );

  it('prints arguments that a shell fills in, and no secret', async () => {
    const { path, text } = answersFile(ANSWERS);
    const { stdout, stderr } = await inProcess(account, ['seed', 'sphere', '--answers', path, '--out', account.out]);
    for (const secret of [PASSWORD, Buffer.from(text).toString('base64')]) expect(stdout + stderr).not.toContain(secret);
    const words = stdout.split('\n').filter((line) => /^ {2}(--|govc )/.test(line));
    expect(words).toHaveLength(3);
    const expanded = spawnSync('bash', ['-c', `printf '%s\\n' ${words.join(' ')}`], { cwd: account.cwd, encoding: 'utf8' });
    expect(expanded.stderr).toBe('');
    const userData = readFileSync(join(account.out, 'sphere-user-data.yaml')).toString('base64');
    expect(expanded.stdout.split('\n')).toEqual(
      expect.arrayContaining([
        `--prop:unit.answers=${Buffer.from(text).toString('base64')}`,
        `--extraConfig:guestinfo.userdata=${userData}`,
        `guestinfo.userdata=${userData}`,
        'guestinfo.userdata.encoding=base64',
      ]),
    );
  });

  it('refuses what a unit would refuse, with its place', async () => {
    const { path } = answersFile({ ...ANSWERS, product: { superuserEmail: 'nobody', workers: 'many' } });
    const outcome = await seed(path);
    expect(outcome.code).toBe(3);
    const { problems } = eventsOf(outcome).at(-1) as unknown as { problems: { message: string; where: { line: number } }[] };
    expect(problems.map(({ message, where }) => [message, where.line])).toEqual([
      [expect.stringContaining('product.superuserEmail is not an e-mail address'), 7],
      [expect.stringContaining('product.workers must be a whole number'), 8],
    ]);
    expect(existsSync(account.out)).toBe(false);
  });

  it.each([
    ['- 1', 'must be a group'],
    ['a: [1', ''],
    ['unattended: false', '"schemaVersion" is missing'],
  ])('refuses %j', async (text, message) => {
    const path = join(account.cwd, 'answers.yaml');
    writeFileSync(path, text);
    const outcome = await seed(path);
    expect(outcome.code).toBe(3);
    expect(outcome.stdout).toContain(JSON.stringify(message).slice(1, -1));
  });

  it('says what will have to be given on the unit', async () => {
    const { path } = answersFile({ schemaVersion: 1 });
    const outcome = await seed(path);
    expect(outcome.code).toBe(0);
    const events = eventsOf(outcome);
    expect(events.find(({ type }) => type === 'finding')).toMatchObject({ problem: { message: '"superuserEmail" is missing in product' } });
    expect(JSON.stringify(events)).toContain('do not say `unattended: true`');
  });

  it('answers too long for a property are refused', async () => {
    const { path } = answersFile({
      ...ANSWERS,
      administrator: {
        password: PASSWORD,
        sshKeys: Array(50)
          .fill(`ssh-rsa ${longKey()}`)
          .map((key, index) => `${key} ${index}`),
      },
    });
    expect(await seed(path)).toMatchObject({ code: 2, stdout: expect.stringContaining('too long for a vApp property') as string });
  });
});

/** A whole RSA key (RFC 4253, 6.6) of 12000 bits. */
function longKey(): string {
  const fields = [Buffer.from('ssh-rsa'), Buffer.from([1, 0, 1]), Buffer.alloc(1500, 0x7f)];
  const lengths = fields.map(({ length }) => Buffer.from([0, 0, length >> 8, length & 255]));
  return Buffer.concat(fields.flatMap((field, index) => [lengths[index] ?? Buffer.alloc(0), field])).toString('base64');
}

it('answers prints a template to fill in, which seed then takes', async () => {
  const { code, stdout } = await inProcess(account, ['answers', 'sphere']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^# Answers for Sphere/);
  const filled = stdout.replace(/^ {2}superuserEmail:$/m, '  superuserEmail: me@example.org');
  expect(filled).not.toBe(stdout);
  const path = join(account.cwd, 'answers.yaml');
  writeFileSync(path, filled);
  expect((await seed(path)).code).toBe(0);
});
