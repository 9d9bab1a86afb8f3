/** Everything on a sealed disk, read offline: the root file system with the EFI partition at /boot/efi. */
import { readSync } from 'node:fs';
import { posix } from 'node:path';

import type { FileType, Superblock } from '../tools/ext4.ts';

export interface SealedEntry {
  /** Absolute path on the unit. */
  path: string;
  type: FileType;
  mode: number;
  uid: number;
  gid: number;
  /** Bytes. */
  size: number;
  /** Of a symbolic link. */
  target?: string;
  /** Where the content begins in the contents file; absent for what is no regular file, is empty, or was too large to take. */
  offset?: number;
}

export interface SealedParts {
  entries: readonly SealedEntry[];
  /** What the root file system has below /boot/efi, where nobody sees it once the EFI partition is mounted. */
  hidden: readonly SealedEntry[];
  superblock: Superblock;
  efi: 'read' | 'absent' | 'unreadable';
  /** Open for reading; holds the contents of all files one after the other. */
  contents: number;
}

/** Larger files are listed, and rules report that their content was not searched. Nothing in an image comes near. */
export const LARGEST_CONTENT = 1 << 30;
const MAX_TEXT = 4 << 20;
const MAX_LINKS = 40;

export class SealedTree {
  readonly entries: readonly SealedEntry[];
  readonly hidden: readonly SealedEntry[];
  readonly superblock: Superblock;
  readonly efi: SealedParts['efi'];
  /** File descriptor of the contents file, see `SealedParts`. */
  readonly contents: number;
  readonly #byPath: ReadonlyMap<string, SealedEntry>;

  constructor(parts: SealedParts) {
    this.entries = [...parts.entries].sort((a, b) => (a.path < b.path ? -1 : 1));
    this.hidden = parts.hidden;
    this.superblock = parts.superblock;
    this.efi = parts.efi;
    this.contents = parts.contents;
    this.#byPath = new Map(this.entries.map((entry) => [entry.path, entry]));
  }

  /** The entry at exactly this path; links are not followed. */
  get(path: string): SealedEntry | undefined {
    return this.#byPath.get(path);
  }

  /** Everything below a folder, at any depth, without the folder itself. */
  below(folder: string): SealedEntry[] {
    const prefix = folder.endsWith('/') ? folder : `${folder}/`;
    return this.entries.filter(({ path }) => path.startsWith(prefix));
  }

  /** Where a path leads when links are followed, as on the unit; undefined where to nothing. */
  resolve(path: string): SealedEntry | undefined {
    let remaining = path.split('/').filter((part) => part !== '');
    let current = '';
    for (let links = 0; remaining.length > 0; ) {
      const [part = '', ...rest] = remaining;
      const entry = this.#byPath.get(posix.join('/', current, part));
      if (entry === undefined) return undefined;
      if (entry.type === 'link') {
        links += 1;
        if (links > MAX_LINKS) return undefined;
        const target = posix.resolve(`/${current}`, entry.target ?? '');
        remaining = [...target.split('/').filter((name) => name !== ''), ...rest];
        current = '';
      } else {
        current = entry.path;
        remaining = rest;
      }
    }
    return this.#byPath.get(current);
  }

  /** Content of a regular file, the first `max` bytes of it (4 MiB by default). */
  bytes(entry: SealedEntry, max: number = MAX_TEXT): Buffer {
    const length = entry.offset === undefined ? 0 : Math.min(entry.size, max);
    const buffer = Buffer.alloc(length);
    for (let done = 0; done < length; ) {
      const read = readSync(this.contents, buffer, done, length - done, (entry.offset ?? 0) + done);
      if (read === 0) throw new Error(`the content of ${entry.path} ends too early`);
      done += read;
    }
    return buffer;
  }

  /** Text of the regular file that a path leads to; undefined where there is none. */
  text(path: string): string | undefined {
    const entry = this.resolve(path);
    return entry?.type === 'file' ? this.bytes(entry).toString('utf8') : undefined;
  }

  /** Paths and texts of the regular files below a folder whose path matches. */
  texts(folder: string, pattern: RegExp): { path: string; text: string }[] {
    return this.below(folder)
      .filter(({ type, path }) => type === 'file' && pattern.test(path))
      .map((entry) => ({ path: entry.path, text: this.bytes(entry).toString('utf8') }));
  }
}
