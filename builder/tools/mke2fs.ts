/** mke2fs(8): an ext4 file system filled from a folder, in a file, without mounting. */

/**
 * Every feature by name, so that neither the host's mke2fs.conf nor a newer e2fsprogs decides. Left out on purpose:
 * `orphan_file` and `metadata_csum_seed`, which GRUB 2.06 and older kernels refuse (ext4(5), GRUB's fs/ext2.c).
 */
export const EXT4_FEATURES = [
  'has_journal',
  'ext_attr',
  'resize_inode',
  'dir_index',
  'filetype',
  'extent',
  '64bit',
  'flex_bg',
  'sparse_super',
  'large_file',
  'huge_file',
  'dir_nlink',
  'extra_isize',
  'metadata_csum',
] as const;

export const BLOCK_SIZE = 4096;

export interface Ext4Request {
  /** Image file, written from `offset` bytes on. */
  file: string;
  offset: number;
  /** Bytes of the file system, a multiple of the block size. */
  bytes: number;
  uuid: string;
  label: string;
  /** Folder whose content becomes the root of the file system. */
  tree: string;
}

/**
 * Inode tables are written out (as holes of the sparse file), else the kernel of every unit would do it at its first
 * boot. One percent is kept for root: five would be lost on large disks.
 */
export function mke2fsArguments(request: Ext4Request): string[] {
  return [
    ...['-q', '-F', '-t', 'ext4', '-b', String(BLOCK_SIZE), '-I', '256', '-i', '16384', '-m', '1'],
    ...['-U', request.uuid, '-L', request.label],
    ...['-O', `none,${EXT4_FEATURES.join(',')}`],
    ...['-E', `offset=${request.offset},root_owner=0:0,hash_seed=${request.uuid},lazy_itable_init=0,lazy_journal_init=0,nodiscard`],
    ...['-d', request.tree, request.file, String(request.bytes / BLOCK_SIZE)],
  ];
}
