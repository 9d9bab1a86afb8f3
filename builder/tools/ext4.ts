/**
 * An ext4 file system read by debugfs(8): no mount, no root, no loop device. Everything is asked for by inode number,
 * so names are never part of a command, and hard links are read once.
 */
import { open, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { run } from '../kit/command.ts';
import type { Context } from '../kit/context.ts';

export type FileType = 'file' | 'directory' | 'link' | 'fifo' | 'socket' | 'character' | 'block';

export interface Ext4Entry {
  /** Absolute path in the file system. Bytes that are not UTF-8 show as U+FFFD. */
  path: string;
  inode: number;
  type: FileType;
  /** Permission bits with set-user-id, set-group-id and sticky: 0 to 0o7777. */
  mode: number;
  uid: number;
  gid: number;
  /** Bytes; 0 for folders. */
  size: number;
}

/** A file system inside a larger file. `image` is a name in `folder`, where the temporary files go too. */
export interface Ext4Volume {
  folder: string;
  image: string;
  /** Bytes from the start of the image. */
  offset: number;
}

const ROOT_INODE = 2;
/** inode(7), S_IFMT shifted by 12. */
const TYPES: Readonly<Record<number, FileType>> = {
  1: 'fifo',
  2: 'character',
  4: 'directory',
  6: 'block',
  8: 'file',
  10: 'link',
  12: 'socket',
};

interface Listed {
  inode: number;
  type: FileType;
  mode: number;
  uid: number;
  gid: number;
  name: string;
  size: number;
}

/**
 * What `ls -p` prints, one folder: `/inode/mode/uid/gid/name/size/`. A name may hold anything but a slash and NUL, so
 * the slashes are what counts, not the lines. Unused slots (inode 0) and the folder itself are left out.
 */
export function parseListing(text: string): Listed[] {
  const listed: Listed[] = [];
  for (const match of text.matchAll(/^\/(\d+)\/(\d{6})\/(\d+)\/(\d+)\/([^/]*)\/(\d*)\/$/gm)) {
    const [, inode = '', octal = '', uid = '', gid = '', name = '', size = ''] = match;
    if (inode === '0' || name === '.' || name === '..') continue;
    const mode = Number.parseInt(octal, 8);
    const type = TYPES[mode >> 12];
    if (type === undefined) throw new Error(`debugfs names an unknown kind of file: mode ${octal} of inode ${inode}`);
    listed.push({ inode: Number(inode), type, mode: mode & 0o7777, uid: Number(uid), gid: Number(gid), name, size: Number(size) });
  }
  return listed;
}

/** Every file of the file system, level by level: one run of debugfs a level. */
export async function listExt4(ctx: Context, volume: Ext4Volume): Promise<Ext4Entry[]> {
  const entries: Ext4Entry[] = [];
  let level = [{ path: '', inode: ROOT_INODE }];
  while (level.length > 0) {
    const commands = level.map(({ inode }) => `ls -p <${inode}>`);
    const answers = splitAnswers(await ask(ctx, volume, commands), commands);
    const next: typeof level = [];
    for (const [index, folder] of level.entries()) {
      for (const { name, ...rest } of parseListing(answers[index] ?? '')) {
        const entry = { path: `${folder.path}/${name}`, ...rest };
        entries.push(entry);
        if (entry.type === 'directory') next.push(entry);
      }
    }
    level = next;
  }
  return entries;
}

/** Targets of symbolic links by inode; those that are too long for the inode (60 bytes and more) are not in it. */
export async function readShortLinks(ctx: Context, volume: Ext4Volume, inodes: readonly number[]): Promise<Map<number, string>> {
  const commands = inodes.map((inode) => `stat <${inode}>`);
  const answers = splitAnswers(await ask(ctx, volume, commands), commands);
  const targets = new Map<number, string>();
  for (const [index, inode] of inodes.entries()) {
    const target = /^Fast link dest: "([\s\S]*)"$/m.exec(answers[index] ?? '')?.[1];
    if (target !== undefined) targets.set(inode, target);
  }
  return targets;
}

/**
 * Writes the contents of `files` one after the other into `output`, and gives each one's offset there. debugfs echoes
 * every command before its output; sizes are known, so the echoes are found where they must be, or the read failed.
 * @throws Error where the content of a file is not as long as its inode says: the file system is damaged.
 */
export async function extractExt4(
  ctx: Context,
  volume: Ext4Volume,
  files: readonly { inode: number; size: number }[],
  output: string,
): Promise<Map<number, number>> {
  await writeFile(join(volume.folder, 'commands'), files.map(({ inode }) => `cat <${inode}>\n`).join(''));
  await run(ctx, 'debugfs', debugfsArguments(volume), { cwd: volume.folder, stdoutFile: output, quiet: true });
  const offsets = new Map<number, number>();
  const handle = await open(output);
  try {
    let position = 0;
    for (const { inode, size } of files) {
      const echo = `debugfs: cat <${inode}>\n`;
      const { buffer } = await handle.read(Buffer.alloc(echo.length), 0, echo.length, position);
      if (buffer.toString('latin1') !== echo) throw new Error(`debugfs could not read inode ${inode}, or one before it`);
      offsets.set(inode, position + echo.length);
      position += echo.length + size;
    }
    if ((await stat(output)).size !== position) throw new Error('debugfs wrote another number of bytes than the inodes say');
  } finally {
    await handle.close();
  }
  return offsets;
}

/** Pure: tested as a table. The image is opened read-only unless told otherwise, which we never do. */
export function debugfsArguments(volume: Ext4Volume): string[] {
  return ['-f', 'commands', `${volume.image}?offset=${volume.offset}`];
}

async function ask(ctx: Context, volume: Ext4Volume, commands: readonly string[]): Promise<string> {
  const output = join(volume.folder, 'answer');
  await writeFile(join(volume.folder, 'commands'), commands.map((command) => `${command}\n`).join(''));
  await run(ctx, 'debugfs', debugfsArguments(volume), { cwd: volume.folder, stdoutFile: output, quiet: true });
  return readFile(output, 'utf8');
}

/** The answers to `commands`, in order. A name could hold the next echo; only a file made to deceive does: refused. */
function splitAnswers(text: string, commands: readonly string[]): string[] {
  const parts = text.split(/^debugfs: (?=(?:ls -p|stat) <\d+>$)/m).slice(1);
  if (parts.length !== commands.length) throw new Error(`debugfs gave ${parts.length} answers to ${commands.length} questions`);
  return parts.map((part, index) => {
    const command = commands[index] ?? '';
    if (!part.startsWith(`${command}\n`)) throw new Error(`debugfs did not answer ${command}`);
    return part.slice(command.length + 1);
  });
}

/** What the superblock says of the state (ext4(5); kernel documentation "ext4 Data Structures", superblock). */
export interface Superblock {
  uuid: string;
  /** Unmounted in order. */
  clean: boolean;
  /** The journal holds what is not yet in its place: a reader that does not replay it sees old content. */
  journalPending: boolean;
  errorsRecorded: boolean;
}

/** Undefined where there is no ext2, ext3 or ext4 at `offset`. */
export async function readSuperblock(path: string, offset: number): Promise<Superblock | undefined> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(1024), 0, 1024, offset + 1024);
    if (bytesRead < 1024 || buffer.readUInt16LE(0x38) !== 0xef53) return undefined;
    const state = buffer.readUInt16LE(0x3a);
    const uuid = buffer.toString('hex', 0x68, 0x78).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    const journalPending = (buffer.readUInt32LE(0x60) & 0x4) !== 0;
    return { uuid, clean: (state & 1) === 1, journalPending, errorsRecorded: (state & 2) === 2 || buffer.readUInt32LE(0x194) > 0 };
  } finally {
    await handle.close();
  }
}
