/**
 * Tar headers as vSphere reads them: POSIX ustar while a member is below 8 GiB, GNU's base-256 size above, never PAX
 * (IEEE 1003.1 "ustar Interchange Format"; GNU tar manual, "Extensions to the archive format"). tar-stream encodes the
 * former; for the latter it would write a PAX record, so that one number is set by hand.
 */
import { pack } from 'tar-stream';

const BLOCK = 512;
/** Eleven octal digits: what a ustar size field holds. */
export const USTAR_LIMIT = 8 * 2 ** 30;
const SIZE_FIELD = 124;
const SIZE_LENGTH = 12;
const CHECKSUM_FIELD = 148;

export interface Member {
  /** Plain base name, at most 100 bytes. */
  name: string;
  /** Bytes. */
  size: number;
  mtime: Date;
}

/** The 512 bytes in front of a member. @throws RangeError for a name that needs more than a ustar header holds */
export async function tarHeader(member: Member): Promise<Buffer> {
  if (!/^[\x21-\x7e]{1,100}$/.test(member.name) || member.name.includes('/')) {
    throw new RangeError(`${JSON.stringify(member.name)} cannot be the name of a file in an OVA`);
  }
  const large = member.size >= USTAR_LIMIT;
  const archive = pack();
  archive.entry({
    name: member.name,
    size: large ? 0 : member.size,
    mode: 0o644,
    uid: 0,
    gid: 0,
    uname: 'root',
    gname: 'root',
    mtime: member.mtime,
    type: 'file',
  });
  const header = await firstBlock(archive as unknown as AsyncIterable<Buffer>);
  return large ? withLargeSize(header, member.size) : header;
}

/** Zero bytes that fill a member's last block. */
export function padding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}

/** Two empty blocks end an archive. */
export function endOfArchive(): Buffer {
  return Buffer.alloc(2 * BLOCK);
}

async function firstBlock(archive: AsyncIterable<Buffer>): Promise<Buffer> {
  // Leaving the loop destroys the stream.
  for await (const chunk of archive) return Buffer.from(chunk.subarray(0, BLOCK));
  throw new Error('tar-stream wrote no header');
}

function withLargeSize(header: Buffer, size: number): Buffer {
  const field = header.subarray(SIZE_FIELD, SIZE_FIELD + SIZE_LENGTH);
  field.fill(0);
  field.writeBigUInt64BE(BigInt(size), SIZE_LENGTH - 8);
  field[0] = 0x80;
  // GNU's magic and version, which readers of base-256 sizes look for.
  header.write('ustar  \0', 257, 'latin1');
  header.fill(0x20, CHECKSUM_FIELD, CHECKSUM_FIELD + 8);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, CHECKSUM_FIELD, 'latin1');
  return header;
}
