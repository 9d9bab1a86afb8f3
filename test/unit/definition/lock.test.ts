import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';

import { diffLock, type Lock, lockPath, lockText, readLock, writeLock } from '../../../builder/definition/lock.ts';
import { ExitCode } from '../../../builder/kit/errors.ts';

const hash = (digit: string): string => digit.repeat(64);
const LOCK: Lock = {
  schemaVersion: 1,
  base: { distribution: 'debian', suite: 'trixie', architecture: 'amd64' },
  packages: [
    { name: 'nginx', version: '1.26-3', sha256: hash('2') },
    { name: 'adduser', version: '3.152', sha256: hash('1') },
  ],
  artifacts: {
    wheels: {
      kind: 'pypi',
      files: [
        { name: 'b-1.whl', version: '1', sha256: hash('4') },
        { name: 'a-1.whl', version: '1', sha256: hash('3') },
      ],
    },
    app: { kind: 'url', files: [{ name: 'app.tar', sha256: hash('5') }] },
  },
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lock-'));
});

describe('lock.json', () => {
  it('has this form', () => {
    expect(lockText(LOCK)).toBe(`{
  "schemaVersion": 1,
  "base": {"distribution":"debian","suite":"trixie","architecture":"amd64"},
  "packages": [
    {"name":"adduser","version":"3.152","sha256":"${hash('1')}"},
    {"name":"nginx","version":"1.26-3","sha256":"${hash('2')}"}
  ],
  "artifacts": {
    "app": {
      "kind": "url",
      "files": [
        {"name":"app.tar","sha256":"${hash('5')}"}
      ]
    },
    "wheels": {
      "kind": "pypi",
      "files": [
        {"name":"a-1.whl","version":"1","sha256":"${hash('3')}"},
        {"name":"b-1.whl","version":"1","sha256":"${hash('4')}"}
      ]
    }
  }
}
`);
  });

  it('is the same text whatever the order of what it is made from', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(LOCK.packages, { minLength: 2 }), fc.boolean(), (packages, turn) => {
        const artifacts = turn ? Object.fromEntries(Object.entries(LOCK.artifacts).reverse()) : LOCK.artifacts;
        expect(lockText({ ...LOCK, packages, artifacts })).toBe(lockText(LOCK));
      }),
    );
  });

  it.each([LOCK, { ...LOCK, packages: [], artifacts: {} }, { ...LOCK, artifacts: { x: { kind: 'url', files: [] } } }])(
    'comes back as it was written',
    async (lock) => {
      await writeLock(folder, lock);
      const back = await readLock(folder);
      expect(back).toBeDefined();
      expect(lockText(back as Lock)).toBe(readFileSync(lockPath(folder), 'utf8'));
      expect(back?.packages).toHaveLength(lock.packages.length);
    },
  );

  it('may be absent', async () => {
    expect(await readLock(folder)).toBeUndefined();
  });

  it.each([
    ['not JSON', '{'],
    ['another version', JSON.stringify({ ...LOCK, schemaVersion: 2 })],
    ['an unknown member', JSON.stringify({ ...LOCK, extra: 1 })],
    ['a hash that is none', JSON.stringify({ ...LOCK, packages: [{ name: 'a', version: '1', sha256: 'x' }] })],
    ['an artifact without files', JSON.stringify({ ...LOCK, artifacts: { a: { kind: 'url' } } })],
  ])('is refused with %s', async (_what, text) => {
    writeFileSync(lockPath(folder), text);
    await expect(readLock(folder)).rejects.toMatchObject({
      message: 'lock.json is damaged',
      exitCode: ExitCode.definition,
      problems: [expect.objectContaining({ where: expect.objectContaining({ file: lockPath(folder) }) })],
      remedies: [expect.stringContaining('unitsmith lock')],
    });
  });
});

describe('diffLock', () => {
  const version = (name: string, text: string) => ({ name, version: text });
  it.each([
    ['nothing', [version('nginx', '1.26-3'), version('adduser', '3.152')], { added: [], removed: [], changed: [] }],
    [
      'a security update',
      [version('nginx', '1.26-3+deb13u1'), version('adduser', '3.152')],
      { added: [], removed: [], changed: [{ name: 'nginx', from: '1.26-3', to: '1.26-3+deb13u1' }] },
    ],
    [
      'packages that came and went',
      [version('adduser', '3.152'), version('zstd', '1'), version('bash', '5')],
      { added: [version('bash', '5'), version('zstd', '1')], removed: [version('nginx', '1.26-3')], changed: [] },
    ],
  ])('%s', (_what, resolved, expected) => {
    expect(diffLock(LOCK, resolved)).toEqual(expected);
  });
});
