import { describe, expect, it } from 'vitest';

import { debugfsArguments, parseListing } from '../../../builder/tools/ext4.ts';
import { copyOutArguments } from '../../../builder/tools/mtools.ts';
import { parseTable } from '../../../builder/tools/partitions.ts';

describe('debugfs', () => {
  it('opens the file system inside the disk, read-only', () => {
    expect(debugfsArguments({ folder: '/work', image: 'disk.raw', offset: 1048576 })).toEqual([
      '-f',
      'commands',
      'disk.raw?offset=1048576',
    ]);
  });

  it('lists names as they are, and leaves out unused slots', () => {
    const text = [
      '/2/040755/0/0/.//',
      '/2/040755/0/0/..//',
      '/0/000000/0/0//0/',
      '/11/100640/0/42/shadow/912/',
      '/12/120777/0/0/a b/7/',
      '/13/104755/0/0/two\nlines/3/',
      '/14/041777/0/0/tmp//',
      '/15/020666/0/0/null/0/',
      '',
    ].join('\n');
    expect(parseListing(text)).toEqual([
      { inode: 11, type: 'file', mode: 0o640, uid: 0, gid: 42, name: 'shadow', size: 912 },
      { inode: 12, type: 'link', mode: 0o777, uid: 0, gid: 0, name: 'a b', size: 7 },
      { inode: 13, type: 'file', mode: 0o4755, uid: 0, gid: 0, name: 'two\nlines', size: 3 },
      { inode: 14, type: 'directory', mode: 0o1777, uid: 0, gid: 0, name: 'tmp', size: 0 },
      { inode: 15, type: 'character', mode: 0o666, uid: 0, gid: 0, name: 'null', size: 0 },
    ]);
  });
});

describe('mcopy', () => {
  it('copies the whole file system without asking', () => {
    expect(copyOutArguments('disk.raw', 2097152, 'efi')).toEqual(['-s', '-n', '-i', 'disk.raw@@2097152', '::/', 'efi']);
  });
});

describe('sfdisk --json', () => {
  it('gives partitions in bytes, with sectors of any size', () => {
    const partitions = [{ start: 8, size: 16, type: 'c12a7328-f81f-11d2-ba4b-00a0c93ec93b', node: 'x1' }];
    expect(parseTable({ partitiontable: { label: 'gpt', sectorsize: 4096, partitions } })).toEqual([
      { type: 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B', offset: 32768, size: 65536 },
    ]);
    expect(() => parseTable({ partitiontable: { label: 'gpt', partitions: 'none' } })).toThrow(/not understood/);
  });
});
