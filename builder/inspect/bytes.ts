/** A file, or a part of one, that is read where it is asked for: a disk inside an OVA is never unpacked. */
import { createHash } from 'node:crypto';
import { type FileHandle, open, stat } from 'node:fs/promises';

const CHUNK = 4 << 20;

export class Bytes {
  readonly size: number;
  readonly #handle: FileHandle;
  readonly #offset: number;

  private constructor(handle: FileHandle, offset: number, size: number) {
    this.#handle = handle;
    this.#offset = offset;
    this.size = size;
  }

  /** @throws Error where `path` is no plain file: a pipe would be waited on for ever */
  static async open(path: string): Promise<Bytes> {
    const info = await stat(path);
    if (!info.isFile()) throw new Error(info.isDirectory() ? 'it is a folder' : 'it is no plain file');
    return new Bytes(await open(path), 0, info.size);
  }

  /** A part; shorter where this one ends before it. */
  part(offset: number, size: number): Bytes {
    return new Bytes(this.#handle, this.#offset + offset, Math.max(0, Math.min(size, this.size - offset)));
  }

  /** At most `length` bytes from `position` on: fewer at the end. */
  async read(position: number, length: number): Promise<Buffer> {
    return this.fill(Buffer.alloc(Math.max(0, Math.min(length, this.size - position))), position);
  }

  /** Reads into `buffer`; returns the part of it that was filled: less than all at the end. */
  async fill(buffer: Buffer, position: number): Promise<Buffer> {
    const wanted = Math.max(0, Math.min(buffer.length, this.size - position));
    let filled = 0;
    while (filled < wanted) {
      const { bytesRead } = await this.#handle.read(buffer, filled, wanted - filled, this.#offset + position + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.subarray(0, filled);
  }

  async text(): Promise<string> {
    return (await this.read(0, this.size)).toString('utf8');
  }

  async sha256(signal: AbortSignal): Promise<string> {
    const hash = createHash('sha256');
    // One buffer for all of it: a new one a piece would wait for the garbage collector by the hundred.
    const buffer = Buffer.alloc(Math.min(CHUNK, this.size));
    for (let position = 0; position < this.size; position += CHUNK) {
      signal.throwIfAborted();
      hash.update(await this.fill(buffer, position));
    }
    return hash.digest('hex');
  }

  /** Closes the file; parts share it, so only what `open` gave is closed. */
  async close(): Promise<void> {
    await this.#handle.close();
  }
}
