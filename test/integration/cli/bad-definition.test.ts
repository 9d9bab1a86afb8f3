import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import { Account, buildBundle, eventsOf, inProcess, NOTHING, type Outcome } from '../../helpers/cli-bundle.ts';
import { fakeHost, writeShop } from '../../helpers/cli-image.ts';

let account: Account;

beforeAll(buildBundle, 120_000);
beforeEach(() => {
  account = new Account();
  fakeHost(account);
  vi.spyOn(process, 'cwd').mockReturnValue(account.cwd);
});

/** A bake that must end before it begins: no cache, no output, no process. */
async function refuse(args: readonly string[] = ['bake', 'shop']): Promise<Outcome> {
  const outcome = await inProcess(account, args);
  expect(account.leftovers()).toEqual(NOTHING);
  expect(outcome.stderr).not.toContain('bug in unitsmith');
  return outcome;
}

describe('a definition that is not valid ends a bake with 3, and names every place', () => {
  it('malformed YAML', async () => {
    await writeShop(account, (text) => text.replace('packages:\n  - nginx', 'packages: [nginx'));
    for (const { code, stderr } of [await refuse(), await account.run(['bake', 'shop'])]) {
      expect(code).toBe(3);
      expect(stderr).toMatch(/images\/shop\/image\.yaml:\d+:\d+/);
    }
  });

  it('unknown keys and wrong types, all at once, with line, column, path and a suggestion', async () => {
    const folder = await writeShop(account, (text) =>
      text.replace('packages:', 'packagse:').replace('cpus: 1', 'cpus: many').replace('formats: [ova, qcow2]', 'formats: [ova, qcow]'),
    );
    const lines = readFileSync(join(folder, 'image.yaml'), 'utf8').split('\n');
    const { code, stderr } = await refuse();
    expect(code).toBe(3);
    const at = (text: string): number => lines.findIndex((line) => line.includes(text)) + 1;
    expect(stderr).toMatch(new RegExp(`image\\.yaml:${at('packagse:')}:1.*packagse`));
    expect(stderr).toMatch(/packages/);
    expect(stderr).toMatch(new RegExp(`image\\.yaml:${at('cpus: many')}:\\d+ \\(/hardware/cpus\\)`));
    expect(stderr).toMatch(new RegExp(`image\\.yaml:${at('formats:')}:\\d+ \\(/formats/1\\)[^]*qcow2`));
  });

  it('missing files', async () => {
    const folder = await writeShop(
      account,
      (text) => `${text}\nartifacts:\n  app: { kind: file, path: app, into: /opt/app, owner: root }\n`,
    );
    rmSync(join(folder, 'templates', 'nginx.conf.hbs'));
    const { code, stderr } = await refuse();
    expect(code).toBe(3);
    expect(stderr).toContain('nginx.conf.hbs');
    expect(stderr).toMatch(/\/artifacts\/app/);
  });

  it('a missing settings schema, and one that is no JSON', async () => {
    const folder = await writeShop(account);
    writeFileSync(join(folder, 'settings.schema.json'), '{ "type": ');
    const { code, stderr } = await refuse();
    expect(code).toBe(3);
    expect(stderr).toMatch(/settings\.schema\.json:1/);
  });

  it('a symbolic link that leads out of the folder', async () => {
    const folder = await writeShop(account);
    mkdirSync(join(folder, 'rootfs', 'etc'), { recursive: true });
    writeFileSync(join(account.root, 'secret'), 'host');
    symlinkSync('../../../../../secret', join(folder, 'rootfs', 'etc', 'leak'));
    const bake = await refuse();
    expect(bake.code).toBe(3);
    expect(bake.stderr).toContain('rootfs/etc/leak');
    rmSync(join(folder, 'rootfs', 'etc', 'leak'));
    rmSync(join(folder, 'templates', 'nginx.conf.hbs'));
    symlinkSync(join(account.root, 'secret'), join(folder, 'templates', 'nginx.conf.hbs'));
    const check = await refuse(['check', 'shop']);
    expect(check.code).toBe(1);
    expect(check.stderr).toContain('nginx.conf.hbs');
  });

  it('a damaged lock', async () => {
    const folder = await writeShop(account);
    writeFileSync(join(folder, 'lock.json'), '{"schemaVersion": 1, "packages": [');
    const { code, stderr } = await refuse();
    expect(code).toBe(3);
    expect(stderr).toContain('lock.json');
    expect(stderr).toMatch(/unitsmith lock shop/);
  });

  it.each(['my shop', 'Shop', "o'shop", 'лавка', '"shop"', '-shop', 'a'.repeat(80)])('the name %j', async (name) => {
    await writeShop(account, (text) => text.replace('name: "shop"', `name: ${JSON.stringify(name)}`));
    const outcome = await refuse(['check', '--json', 'shop']);
    expect(outcome.code).toBe(1);
    expect(eventsOf(outcome)).toContainEqual(
      expect.objectContaining({
        type: 'finding',
        problem: expect.objectContaining({ where: expect.objectContaining({ path: '/name' }) as unknown }) as unknown,
      }),
    );
  });
});

describe('what is named on the command line', () => {
  it('no such image: 3 and the names there are', async () => {
    await writeShop(account);
    const { code, stderr } = await refuse(['bake', 'shoop']);
    expect([2, 3]).toContain(code);
    expect(stderr).toMatch(/shoop/);
    expect(stderr).toMatch(/Did you mean shop|shop/);
  });

  it('--artifact that the image does not have, or whose path is not there', async () => {
    await writeShop(account);
    expect(await refuse(['bake', 'shop', '--artifact', 'app=./x'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no such artifact') as string,
    });
    expect(await refuse(['bake', 'shop', '--artifact', 'app'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('NAME=PATH') as string,
    });
  });

  it('a folder of the image may have spaces, quotes and letters of any script in its path', async () => {
    const strange = join(account.cwd, `мой "магазин" & co's`);
    mkdirSync(strange);
    expect(await inProcess(account, ['new', 'shop', '--folder', strange])).toMatchObject({ code: 0 });
    const check = await inProcess(account, ['check', join(strange, 'shop')]);
    expect(check).toMatchObject({ code: 0, stdout: expect.stringContaining('no errors, no warnings') as string });
  });

  it('--out that is a file', async () => {
    await writeShop(account);
    writeFileSync(join(account.cwd, 'taken'), 'mine');
    const { code, stderr } = await refuse(['bake', 'shop', '--out', 'taken']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/taken.*not a folder/);
    expect(readFileSync(join(account.cwd, 'taken'), 'utf8')).toBe('mine');
  });

  it('a name for packed files with spaces, quotes or a path', async () => {
    for (const name of ['my shop', "o'shop", '../shop', 'лавка']) {
      const { code, stderr } = await refuse(['pack', 'disk.raw', '--name', name]);
      expect(code).toBe(2);
      expect(stderr).toContain('cannot be the name of an artefact');
    }
  });

  it.each([
    ['that is missing', (): void => undefined],
    [
      'that is no disk',
      (): void => writeFileSync(join(account.cwd, 'disk.qcow2'), Buffer.from('QFI\xfb, and then nothing of a disk', 'latin1')),
    ],
    ['that is a folder', (): void => mkdirSync(join(account.cwd, 'disk.qcow2'))],
  ])('a disk to pack %s', async (_how, make) => {
    make();
    const { code, stderr } = await refuse(['pack', 'disk.qcow2', '--name', 'shop', '--out', 'out']);
    expect(code).toBe(2);
    expect(stderr).toContain('disk.qcow2');
  });

  it('a cache folder that cannot be made', async () => {
    await writeShop(account);
    writeFileSync(join(account.root, 'file'), '');
    const { code, stderr } = await refuse(['--cache-dir', join(account.root, 'file', 'cache'), 'bake', 'shop']);
    expect(code).toBe(4);
    expect(stderr).toContain('--cache-dir');
    for (const args of [
      ['cache', 'list'],
      ['cache', 'verify'],
      ['lock', 'shop'],
    ]) {
      const outcome = await refuse(['--cache-dir', join(account.root, 'file', 'cache'), ...args]);
      expect(outcome.stderr).not.toContain('bug');
    }
  });
});

it('says that a file may not be read, and which', async ({ skip }) => {
  if (process.geteuid?.() === 0) skip('root may read everything');
  const folder = await writeShop(account);
  chmodSync(join(folder, 'image.yaml'), 0);
  const { code, stderr } = await refuse();
  expect(code).toBe(3);
  expect(stderr).toContain('image.yaml');
});
