import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { withSystemPath } from '../../../builder/kit/command.ts';
import { parseMemory, readMemory } from '../../../builder/tools/memory.ts';
import { EXT4_FEATURES, mke2fsArguments } from '../../../builder/tools/mke2fs.ts';
import { mkfsFatArguments } from '../../../builder/tools/mkfs-fat.ts';
import { mmdebstrapArguments, packageStep } from '../../../builder/tools/mmdebstrap.ts';
import { inMemoryWhereRoom, mappedCommand } from '../../../builder/tools/namespace.ts';
import { convertArguments, overlayArguments } from '../../../builder/tools/qemu-img.ts';
import { gptScript } from '../../../builder/tools/sfdisk.ts';
import { extractRootfsArguments, overlayTreeArguments } from '../../../builder/tools/tar.ts';

describe('mappedCommand', () => {
  it.each([
    ['root needs no namespace', { root: true }, { program: 'tar', args: ['-x'] }],
    ['a user maps all ids', { root: false }, { program: 'unshare', args: ['--map-auto', '--map-root-user', '--', 'tar', '-x'] }],
  ])('%s', (_title, options, expected) => {
    expect(mappedCommand('tar', ['-x'], options)).toEqual(expected);
  });

  it('takes the network away from root and user alike when isolated', () => {
    for (const root of [true, false]) {
      const { program, args } = mappedCommand('tar', [], { root, isolated: true });
      expect(program).toBe('unshare');
      expect(args).toEqual(expect.arrayContaining(['--net', '--pid', '--mount', '--kill-child']));
    }
  });

  it('puts a file system in memory over a folder, for the program alone', () => {
    const inMemory = { folder: '/work/a b', bytes: 4096 };
    const { program, args } = mappedCommand('tar', ['-x'], { root: true, inMemory });
    expect([program, args[0]]).toEqual(['unshare', '--mount']);
    expect(args.slice(-5)).toEqual(['sh', '4096', '/work/a b', 'tar', '-x']);
  });
});

describe('inMemoryWhereRoom', () => {
  it('takes memory only where a reserve is left', async () => {
    expect(await inMemoryWhereRoom('/work', 2 ** 60)).toBeUndefined();
    const { available } = await readMemory();
    expect(await inMemoryWhereRoom('/work', available - 2 ** 30)).toBeUndefined();
  });

  it('reads what is available, and free swap', () => {
    expect(parseMemory('MemTotal: 9 kB\nMemAvailable:   1024 kB\nSwapFree:  512 kB\n')).toEqual({ available: 2 ** 20, swap: 2 ** 19 });
  });
});

describe('mmdebstrapArguments', () => {
  const args = mmdebstrapArguments({
    packages: ['apt', 'nginx'],
    repository: '/cache/a b/repo',
    output: '/out/rootfs.tar',
    setupScript: "/opt/it's/setup.sh",
    customizeScript: '/opt/x/customize.sh',
    dpkgOptions: ['/opt/x/10-small'],
  });

  it('installs from the local folder alone', () => {
    expect(args.slice(-3)).toEqual(['', '/out/rootfs.tar', 'deb [trusted=yes] copy:/cache/a%20b/repo ./']);
    expect(args).toContain('--include=apt,nginx');
  });

  it('leaves the machine-id to our own script', () => {
    expect(args).toContain('--skip=cleanup/reproducible');
  });

  it('hands on what dpkg leaves out', () => {
    expect(args).toContain('--dpkgopt=/opt/x/10-small');
  });

  it('quotes the hooks for sh', () => {
    expect(args).toContain(`--setup-hook=sh '/opt/it'\\''s/setup.sh' "$1"`);
  });

  it.each([
    ['Unpacking nginx (1.26.3-3) ...', 'unpacked'],
    ['Setting up nginx (1.26.3-3) ...', 'configured'],
    ['Processing triggers for libc-bin (2.41-12) ...', undefined],
  ])('reads progress from %j', (line, step) => {
    expect(packageStep(line)).toBe(step);
  });
});

describe('mke2fsArguments', () => {
  const args = mke2fsArguments({ file: 'disk.raw', offset: 1 << 20, bytes: 8 << 20, uuid: 'U', label: 'root', tree: 'tree' });

  it('names every feature, and none that older GRUBs cannot read', () => {
    expect(args[args.indexOf('-O') + 1]).toBe(`none,${EXT4_FEATURES.join(',')}`);
    expect(EXT4_FEATURES).not.toContain('orphan_file');
    expect(EXT4_FEATURES).not.toContain('metadata_csum_seed');
  });

  it('counts in blocks from the offset', () => {
    expect(args.slice(-4)).toEqual(['-d', 'tree', 'disk.raw', '2048']);
    expect(args[args.indexOf('-E') + 1]).toContain('offset=1048576');
  });
});

it('mkfs.fat writes at a sector and counts in KiB', () => {
  const args = mkfsFatArguments({ file: 'disk.raw', start: 4096, size: 98304, volumeId: 'ABCD1234', label: 'EFI' });
  expect(args.slice(-5)).toEqual(['--offset', '4096', '--invariant', 'disk.raw', '49152']);
});

it('gptScript fixes every identifier', () => {
  const script = gptScript('DISK', [{ type: 'linuxRoot', name: 'root', uuid: 'PART', start: 2048, size: 4096 }]);
  expect(script).toContain('label-id: DISK');
  expect(script).toContain('start=2048, size=4096, type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709, uuid=PART, name="root"');
});

it('tar keeps owners by number and leaves device nodes out', () => {
  expect(extractRootfsArguments('a.tar', 'tree')).toEqual(expect.arrayContaining(['--numeric-owner', '--exclude=./dev/*', '--xattrs']));
  expect(overlayTreeArguments('a.tar', 'tree')).toEqual(expect.arrayContaining(['--no-overwrite-dir', '--keep-directory-symlink']));
});

it('qemu-img is told every format, and never guesses one', () => {
  expect(overlayArguments({ path: 'd.raw', format: 'raw' }, 'o.qcow2')).toEqual([
    ...['create', '-q', '-f', 'qcow2'],
    ...['-b', 'd.raw', '-F', 'raw', 'o.qcow2'],
  ]);
  expect(convertArguments({ path: 'a', format: 'qcow2' }, { path: 'b', format: 'raw' })).toEqual([
    ...['convert', '-W', '-f', 'qcow2'],
    ...['-O', 'raw', 'a', 'b'],
  ]);
});

it('withSystemPath adds what an ordinary user lacks, once', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('/bin', '/usr/sbin', '/home/u/bin', '/sbin'), { minLength: 1 }), (folders) => {
      const path = withSystemPath(folders.join(':')).split(':');
      expect(path.slice(0, folders.length)).toEqual(folders);
      expect(path).toContain('/usr/sbin');
      expect(withSystemPath(path.join(':'))).toBe(path.join(':'));
    }),
  );
});
