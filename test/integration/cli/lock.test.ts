import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Lock } from '../../../builder/definition/lock.ts';
import { writeSkeleton } from '../../../builder/definition/skeleton.ts';
import { ExitCode } from '../../../builder/kit/errors.ts';
import { Account, eventsOf, inProcess, type Outcome } from '../../helpers/cli-bundle.ts';
import { mirrorOf, skeletonArchive, writeShop } from '../../helpers/cli-image.ts';

let archive: string;
let account: Account;
let image: string;

beforeAll(async () => {
  archive = await skeletonArchive();
});
beforeEach(async () => {
  account = new Account();
  vi.spyOn(process, 'cwd').mockReturnValue(account.cwd);
  image = await writeShop(account);
});

const lock = (...argv: string[]): Promise<Outcome> => inProcess(account, argv, { UNITSMITH_APT_MIRROR: mirrorOf(`file:${archive}`) });

const locked = (): Lock => JSON.parse(readFileSync(join(image, 'lock.json'), 'utf8')) as Lock;

describe('unitsmith lock', () => {
  it('writes the lock, the same bytes each time', async () => {
    const first = await lock('lock', 'shop');
    expect(first).toMatchObject({
      code: ExitCode.ok,
      stdout: expect.stringMatching(/images\/shop\/lock\.json: \d+ packages, 0 artifacts/),
    });
    const bytes = readFileSync(join(image, 'lock.json'));
    expect(locked().packages.map(({ name }) => name)).toEqual(expect.arrayContaining(['base-files', 'systemd-sysv']));
    expect((await lock('lock', 'shop')).stdout).toContain('nothing changed');
    expect(readFileSync(join(image, 'lock.json')).equals(bytes)).toBe(true);
  });

  it('says what changed since', async () => {
    await lock('lock', 'shop');
    const before = locked();
    const packages = before.packages.map((entry) => (entry.name === 'sudo' ? { ...entry, version: '0.9' } : entry));
    const gone = { name: 'zzz', version: '1', sha256: 'a'.repeat(64) };
    writeFileSync(join(image, 'lock.json'), JSON.stringify({ ...before, packages: [...packages, gone] }));
    const { stdout } = await lock('lock', 'shop');
    expect(stdout).toContain('  ~ sudo 0.9 -> 1.0');
    expect(stdout).toContain('  - zzz 1');
    expect(locked()).toEqual(before);
  });

  it('locks every image of the project where none is named, and none of the package', async () => {
    const other = await writeSkeleton('other', join(account.cwd, 'images'));
    const outcome = await lock('--json', 'lock');
    expect(outcome.code).toBe(ExitCode.ok);
    const files = [join(other, 'lock.json'), join(image, 'lock.json')];
    expect(eventsOf(outcome).at(-1)).toMatchObject({ type: 'result', data: { images: files.map((file) => ({ file })) } });
  });

  it('writes over a damaged lock', async () => {
    writeFileSync(join(image, 'lock.json'), '{');
    expect((await lock('lock', 'shop')).code).toBe(ExitCode.ok);
    expect(locked().schemaVersion).toBe(1);
  });

  it('leaves the old lock alone where something fails', async () => {
    writeFileSync(join(image, 'lock.json'), '{"old": true}');
    const { code, stderr } = await lock('lock', 'shop', '--offline');
    expect(code).toBe(ExitCode.source);
    expect(stderr).toContain('not in the cache');
    expect(readFileSync(join(image, 'lock.json'), 'utf8')).toBe('{"old": true}');
  });

  it('shows examples', async () => {
    expect((await lock('lock', '--help')).stdout).toContain('unitsmith lock sphere');
  });
});
