/** Small disks as the bake leaves them (GPT, EFI partition, ext4 root), made natively by the real programs. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export const ROOT_UUID = '7d3f1d1e-6d1d-4c0a-9a53-0d4c9b1f2a10';

/** Content of a file; `link` for a symbolic link; `directory` for a folder. Modes are 0644 and 0755 unless given. */
export type Node = string | Buffer | { content?: string | Buffer; mode?: number } | { link: string } | { directory: true; mode?: number };

export interface SmallDisk {
  /** Absolute path on the unit to what is there. */
  root: Record<string, Node>;
  efi?: Record<string, string>;
  /** Commands for `debugfs -w`, run at last. */
  damage?: readonly string[];
}

const SECTOR = 512;
const EFI_START = 2048;
const EFI_SECTORS = 8192;
const ROOT_START = EFI_START + EFI_SECTORS;
const ROOT_BYTES = 24 << 20;
const PATH = `${process.env.PATH}:/usr/sbin:/sbin`;

/** Writes the disk to `path` (raw). */
export function makeSmallDisk(path: string, disk: SmallDisk): void {
  const work = mkdtempSync(join(tmpdir(), 'small-disk-'));
  try {
    const tree = join(work, 'tree');
    mkdirSync(tree);
    writeTree(tree, disk.root);
    writeFileSync(path, '');
    tool('truncate', ['-s', String(ROOT_START * SECTOR + ROOT_BYTES + (1 << 20)), path]);
    tool('sfdisk', ['-q', path], partitionTable());
    tool('mkfs.fat', ['-F', '16', '-s', '1', '--offset', String(EFI_START), path, String((EFI_SECTORS * SECTOR) / 1024)]);
    copyToEfi(path, join(work, 'efi'), disk.efi ?? {});
    const options = `offset=${ROOT_START * SECTOR},root_owner=0:0`;
    tool('mke2fs', ['-q', '-F', '-t', 'ext4', '-U', ROOT_UUID, '-E', options, '-d', tree, path, `${ROOT_BYTES / 1024}k`]);
    for (const command of disk.damage ?? []) tool('debugfs', ['-w', '-R', command, `${path}?offset=${ROOT_START * SECTOR}`]);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function tool(program: string, args: readonly string[], input = ''): void {
  execFileSync(program, args, { input, stdio: ['pipe', 'ignore', 'pipe'], env: { ...process.env, PATH } });
}

function partitionTable(): string {
  const efi = `start=${EFI_START}, size=${EFI_SECTORS}, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B`;
  const root = `start=${ROOT_START}, size=${ROOT_BYTES / SECTOR}, type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709`;
  return ['label: gpt', 'first-lba: 34', efi, root, ''].join('\n');
}

/** Writes files below a folder. */
export function writeTree(tree: string, root: SmallDisk['root']): void {
  for (const [path, node] of Object.entries(root)) {
    const target = join(tree, path);
    mkdirSync(dirname(target), { recursive: true });
    if (typeof node === 'string' || Buffer.isBuffer(node)) writeFileSync(target, node);
    else if ('link' in node) symlinkSync(node.link, target);
    else {
      if ('directory' in node) mkdirSync(target, { recursive: true });
      else writeFileSync(target, node.content ?? '');
      if (node.mode !== undefined) chmodSync(target, node.mode);
    }
  }
}

function copyToEfi(disk: string, folder: string, files: Readonly<Record<string, string>>): void {
  if (Object.keys(files).length === 0) return;
  writeTree(folder, files);
  const top = readdirSync(folder).map((name) => join(folder, name));
  tool('mcopy', ['-s', '-i', `${disk}@@${EFI_START * SECTOR}`, ...top, '::/']);
}
