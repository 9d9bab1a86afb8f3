import { closeSync, mkdtempSync, openSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

import { tarHeader } from '../../../builder/formats/ova/ustar.ts';
import { type Archive, readArchive } from '../../../builder/inspect/archive.ts';
import { Bytes } from '../../../builder/inspect/bytes.ts';
import { tarDialect } from '../../../builder/inspect/rules/tar-dialect.ts';
import type { Subject } from '../../../builder/inspect/subject.ts';
import { withHeader } from '../../helpers/tiny-ova.ts';

const GIB = 2 ** 30;
const mtime = new Date(0);
const folder = mkdtempSync(join(tmpdir(), 'archive-'));
const path = join(folder, 'x.tar');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Reads an archive of these blocks, each at its place in a sparse file of `size` bytes. */
async function read(blocks: readonly (readonly [number, Buffer])[], size: number): Promise<Archive> {
  writeFileSync(path, '');
  truncateSync(path, size);
  const handle = openSync(path, 'r+');
  for (const [at, block] of blocks) writeSync(handle, block, 0, block.length, at);
  closeSync(handle);
  const bytes = await Bytes.open(path);
  try {
    return await readArchive(path, bytes);
  } finally {
    await bytes.close();
  }
}

describe('a member of more than 8 GiB', () => {
  it('is read as our header has it, and is in the right dialect', async () => {
    const large = 9 * GIB + 1;
    const next = 512 + 9 * GIB + 512;
    const archive = await read(
      [
        [0, await tarHeader({ name: 'disk.vmdk', size: large, mtime })],
        [next, await tarHeader({ name: 'next', size: 0, mtime })],
      ],
      next + 512 + 1024,
    );
    expect(archive.broken).toBeUndefined();
    expect(archive.members).toMatchObject([
      { name: 'disk.vmdk', size: large, offset: 512, binarySize: true, dialect: 'gnu' },
      { name: 'next', size: 0, offset: next + 512, dialect: 'ustar' },
    ]);
    expect(await tarDialect.check(archive as never, {} as Subject)).toEqual([]);
  });

  it('is read from a PAX record too, which is a finding', async () => {
    const large = 9 * GIB;
    const record = Buffer.from('19 size=9663676416\n');
    const archive = await read(
      [
        [0, withHeader((header) => header.write('x', 156))(await tarHeader({ name: 'PaxHeader', size: record.length, mtime }))],
        [512, record],
        [1024, await tarHeader({ name: 'disk.vmdk', size: 0, mtime })],
      ],
      1536 + large + 1024,
    );
    expect(archive.broken).toBeUndefined();
    expect(archive.members[1]).toMatchObject({ name: 'disk.vmdk', size: large });
    expect(await tarDialect.check(archive as never, {} as Subject)).toMatchObject([{ message: expect.stringContaining('PAX') as string }]);
  });
});

describe('what never ends', () => {
  it('more members than any OVA has are not all read', async () => {
    const header = await tarHeader({ name: 'x', size: 0, mtime });
    const archive = await read([[0, Buffer.concat(Array<Buffer>(1200).fill(header))]], 1202 * 512);
    expect(archive.members).toHaveLength(1000);
    expect(archive.broken).toBe('it has more than 1000 members');
  });

  it('a PAX record with a size below zero or of no number', async () => {
    for (const [length, size] of [
      ['11', '-1'],
      ['11', 'xx'],
    ]) {
      const record = Buffer.from(`${length} size=${size}\n`);
      const archive = await read(
        [
          [0, withHeader((header) => header.write('x', 156))(await tarHeader({ name: 'PaxHeader', size: record.length, mtime }))],
          [512, record],
          [1024, await tarHeader({ name: 'disk.vmdk', size: 0, mtime })],
        ],
        4096,
      );
      expect(archive.broken).toBe('the size of disk.vmdk cannot be read');
    }
  });
});
