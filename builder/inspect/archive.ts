/**
 * The members of a tar with what its headers say byte for byte. Libraries hide just that: which dialect a header is in
 * (IEEE 1003.1 "ustar" and "pax", GNU tar manual "Basic Tar Format").
 */
import type { Bytes } from './bytes.ts';

const BLOCK = 512;
const NAME_LENGTH = 100;
/** An OVA has a handful of members and records of a few hundred bytes: beyond these bounds it is none, and memory is not spent on it. */
const MOST_MEMBERS = 1000;
const LONGEST_RECORD = 64 << 10;

export interface TarMember {
  name: string;
  size: number;
  /** Where its content begins. */
  offset: number;
  mode: number;
  uid: number;
  gid: number;
  /** `0` is a file, `5` a folder, `x` and `g` PAX records, `L` a long name of GNU's. */
  type: string;
  /** Which magic the header has. */
  dialect: 'ustar' | 'gnu' | 'v7';
  /** The size stands in binary, as GNU writes what has no room in octal. */
  binarySize: boolean;
}

export interface Archive {
  path: string;
  bytes: Bytes;
  /** Every header's member, PAX records and long names too. */
  members: readonly TarMember[];
  /** Why reading stopped before the end, if it did. */
  broken: string | undefined;
}

export async function readArchive(path: string, bytes: Bytes): Promise<Archive> {
  const members: TarMember[] = [];
  const broken = await readMembers(bytes, members);
  return { path, bytes, members, broken };
}

/** Reads into `members` up to the end, or up to what is returned: why the rest cannot be read. */
async function readMembers(bytes: Bytes, members: TarMember[]): Promise<string | undefined> {
  let pending: { name?: string; size?: number } = {};
  let position = 0;
  for (;;) {
    const header = await bytes.read(position, BLOCK);
    if (header.length < BLOCK) return 'it ends without the two empty blocks';
    if (isEmpty(header)) return endingProblem(await bytes.read(position + BLOCK, BLOCK));
    if (!hasChecksum(header)) return `there is no tar header at byte ${position}`;
    const member = { ...decodeHeader(header, position), ...pending };
    pending = {};
    if (!Number.isSafeInteger(member.size) || member.size < 0) return `the size of ${member.name} cannot be read`;
    if (members.length === MOST_MEMBERS) return `it has more than ${MOST_MEMBERS} members`;
    members.push(member);
    if (member.offset + member.size > bytes.size) return `${member.name} is cut short`;
    const record = bytes.part(member.offset, Math.min(member.size, LONGEST_RECORD));
    if (member.type === 'x') pending = paxValues(await record.read(0, record.size));
    if (member.type === 'L') pending = { name: cString(await record.read(0, record.size)) };
    position = member.offset + Math.ceil(member.size / BLOCK) * BLOCK;
  }
}

function endingProblem(second: Buffer): string | undefined {
  return second.length === BLOCK && isEmpty(second) ? undefined : 'one empty block stands where two end an archive';
}

function isEmpty(block: Buffer): boolean {
  return block.every((byte) => byte === 0);
}

/** Members that are content, not records about the next one. */
export function contents(archive: Archive): TarMember[] {
  return archive.members.filter(({ type }) => !['x', 'g', 'L', 'K'].includes(type));
}

/** Whether the first block is a tar header at all. */
export function looksLikeTar(block: Buffer): boolean {
  return block.length === BLOCK && !isEmpty(block) && hasChecksum(block);
}

function decodeHeader(header: Buffer, position: number): TarMember {
  const binarySize = ((header[124] ?? 0) & 0x80) !== 0;
  const prefix = header.toString('latin1', 257, 263) === 'ustar\0' ? cString(header.subarray(345, 500)) : '';
  const name = cString(header.subarray(0, NAME_LENGTH));
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    size: binarySize ? Number(header.readBigUInt64BE(128)) : octal(header, 124, 12),
    offset: position + BLOCK,
    mode: octal(header, 100, 8),
    uid: octal(header, 108, 8),
    gid: octal(header, 116, 8),
    type: header[156] === 0 ? '0' : String.fromCharCode(header[156] ?? 0),
    dialect: dialectOf(header.toString('latin1', 257, 265)),
    binarySize,
  };
}

function dialectOf(magic: string): TarMember['dialect'] {
  if (magic === 'ustar\u000000') return 'ustar';
  return magic.startsWith('ustar') ? 'gnu' : 'v7';
}

function hasChecksum(header: Buffer): boolean {
  const sum = header.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 0x20 : byte), 0);
  return sum === octal(header, 148, 8);
}

/** PAX records: `<length> <key>=<value>\n`. */
function paxValues(data: Buffer): { name?: string; size?: number } {
  const values: { name?: string; size?: number } = {};
  for (let position = 0; position < data.length; ) {
    const length = Number.parseInt(data.toString('latin1', position, position + 20), 10);
    if (!(length > 0)) break;
    const record = data.toString('utf8', position, position + length - 1);
    const [key, value] = [record.slice(record.indexOf(' ') + 1, record.indexOf('=')), record.slice(record.indexOf('=') + 1)];
    if (key === 'path') values.name = value;
    if (key === 'size') values.size = Number(value);
    position += length;
  }
  return values;
}

function octal(header: Buffer, offset: number, length: number): number {
  const text = cString(header.subarray(offset, offset + length)).trim();
  return text === '' ? 0 : Number.parseInt(text, 8);
}

function cString(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
}
