/** The outside programs that the pipeline runs, with the Debian package of each. */
import { type Program, programCheck } from './program.ts';

export const PROGRAMS: readonly Program[] = [
  {
    name: 'mmdebstrap',
    package: 'mmdebstrap',
    purpose: 'installs the packages of an image',
    version: { args: ['--version'], oldest: '1.3' },
  },
  { name: 'apt-get', package: 'apt', purpose: 'resolves and fetches packages', version: { args: ['--version'], oldest: '2.6' } },
  {
    name: 'unshare',
    package: 'util-linux',
    purpose: 'lets an ordinary user make files of other users',
    version: { args: ['--version'], oldest: '2.38' },
  },
  { name: 'mke2fs', package: 'e2fsprogs', purpose: 'makes the root file system', version: { args: ['-V'], oldest: '1.46' } },
  { name: 'debugfs', package: 'e2fsprogs', purpose: 'reads the finished disk for the audit' },
  { name: 'sfdisk', package: 'fdisk', purpose: 'writes partition tables', version: { args: ['--version'], oldest: '2.38' } },
  { name: 'mkfs.fat', package: 'dosfstools', purpose: 'makes the EFI partition' },
  { name: 'mcopy', package: 'mtools', purpose: 'reads the EFI partition for the audit' },
  { name: 'tar', package: 'tar', purpose: 'unpacks root file systems' },
  { name: 'bsdtar', package: 'libarchive-tools', purpose: 'unpacks artifacts' },
  { name: 'curl', package: 'curl', purpose: 'downloads artifacts' },
  // 7.2 brought -netdev dgram, which the port scan listens with (vm/argv.ts).
  { name: 'qemu-system-x86_64', package: 'qemu-system-x86', purpose: 'boots images', version: { args: ['--version'], oldest: '7.2' } },
  { name: 'qemu-img', package: 'qemu-utils', purpose: 'converts disks', version: { args: ['--version'], oldest: '7.0' } },
  { name: 'ssh', package: 'openssh-client', purpose: 'looks into guests' },
  { name: 'ssh-keygen', package: 'openssh-client', purpose: 'makes one-time keys' },
  { name: 'xorriso', package: 'xorriso', purpose: 'makes the CDs that images are tried with' },
  { name: 'zstd', package: 'zstd', purpose: 'compresses raw disks' },
];

export const programChecks = PROGRAMS.map(programCheck);
