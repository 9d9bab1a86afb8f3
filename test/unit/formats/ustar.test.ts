import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { endOfArchive, padding, tarHeader } from '../../../builder/formats/ova/ustar.ts';
import { run } from '../../../builder/kit/command.ts';
import { testContext } from '../../helpers/context.ts';

const mtime = new Date('2024-05-06T07:08:09Z');

describe('tarHeader', () => {
  it('is ustar, owned by root, mode 0644, below 8 GiB', async () => {
    const header = await tarHeader({ name: 'a.ovf', size: 1234, mtime });
    expect(header.length).toBe(512);
    expect(header.toString('latin1', 257, 265)).toBe('ustar\u000000');
    expect(header.toString('latin1', 100, 107).replaceAll(/[^0-7]/g, '')).toBe('000644');
    expect(Number.parseInt(header.toString('latin1', 124, 135), 8)).toBe(1234);
    expect(header.toString('latin1', 156, 157)).toBe('0');
  });

  it.each([8 * 2 ** 30 - 1, 8 * 2 ** 30, 3 * 2 ** 40])('tells GNU tar and bsdtar a size of %i, and what is behind it', async (size) => {
    const folder = mkdtempSync(join(tmpdir(), 'ustar-'));
    const file = join(folder, 'x.tar');
    writeFileSync(file, await tarHeader({ name: 'disk.vmdk', size, mtime }));
    // The member itself is a hole.
    truncateSync(file, 512 + size + padding(size).length);
    appendFileSync(file, Buffer.concat([await tarHeader({ name: 'next', size: 0, mtime }), endOfArchive()]));
    const { ctx } = testContext();
    for (const program of ['tar', 'bsdtar']) {
      const { stdout } = await run(ctx, program, ['-tvf', file]);
      const lines = stdout.trim().split('\n');
      expect(lines).toEqual([expect.stringMatching(` ${size} .*disk\\.vmdk$`), expect.stringMatching(' 0 .*next$')]);
    }
    rmSync(folder, { recursive: true });
  });

  it('never writes a PAX header, whatever the size', async () => {
    for (const size of [1, 2 ** 40]) expect((await tarHeader({ name: 'a', size, mtime })).toString('latin1', 156, 157)).toBe('0');
  });

  it.each(['../a', 'a/b', 'grün.ovf', 'a b', '', 'x'.repeat(101)])('refuses the name %j', async (name) => {
    await expect(tarHeader({ name, size: 1, mtime })).rejects.toThrow(RangeError);
  });

  it('pads to whole blocks and ends with two empty ones', () => {
    expect([0, 1, 511, 512, 513].map((size) => padding(size).length)).toEqual([0, 511, 1, 0, 511]);
    expect(endOfArchive()).toEqual(Buffer.alloc(1024));
  });
});
