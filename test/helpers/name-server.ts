/** A name server on loopback (RFC 1035, 4) that knows a few names, for tests of what asks real ones. */
import { createSocket, type Socket } from 'node:dgram';

const TYPES = { A: 1, NS: 2, CNAME: 5, SOA: 6, MX: 15, TXT: 16, AAAA: 28 } as const;

/** Values of a name by type, as in a zone file; names without the last dot. `*` stands for what has no entry of its own. */
export type Zone = Record<string, Partial<Record<keyof typeof TYPES, readonly string[]>>>;

export interface NameServer {
  port: number;
  /** Types and names that were asked for. */
  asked: string[];
  close(): void;
}

/** @param rcode answers everything by this code, such as 2 (SERVFAIL), in the place of the zone */
export async function nameServer(zone: Zone, { address = '127.0.0.1', port = 0, rcode = 0 } = {}): Promise<NameServer> {
  const socket: Socket = createSocket('udp4');
  const asked: string[] = [];
  socket.on('message', (question, from) => {
    const { name, end } = readName(question, 12);
    const type = question.readUInt16BE(end);
    const typeName = (Object.keys(TYPES) as (keyof typeof TYPES)[]).find((each) => TYPES[each] === type);
    asked.push(`${typeName ?? type} ${name}`);
    const entry = zone[name] ?? wildcard(zone, name);
    const values = (typeName === undefined ? undefined : entry?.[typeName]) ?? [];
    const code = rcode !== 0 ? rcode : entry === undefined ? 3 : 0;
    const answers = code !== 0 || typeName === undefined ? [] : values.map((value) => record(typeName, value));
    const header = Buffer.alloc(12);
    question.copy(header, 0, 0, 2);
    header.writeUInt16BE(0x8580 | code, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(answers.length, 6);
    socket.send(Buffer.concat([header, question.subarray(12, end + 4), ...answers]), from.port, from.address);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, address, resolve);
  });
  return { port: socket.address().port, asked, close: () => socket.close() };
}

function wildcard(zone: Zone, name: string): Zone[string] | undefined {
  return zone[name.replace(/^[^.]+/, '*')];
}

function readName(packet: Buffer, start: number): { name: string; end: number } {
  const labels: string[] = [];
  let at = start;
  for (let length = packet[at] ?? 0; length > 0; length = packet[at] ?? 0) {
    labels.push(packet.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), end: at + 1 };
}

/** A resource record for the name of the question. */
function record(type: keyof typeof TYPES, value: string): Buffer {
  const data = recordData(type, value);
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(TYPES[type], 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(60, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function recordData(type: keyof typeof TYPES, value: string): Buffer {
  switch (type) {
    case 'A':
      return Buffer.from(value.split('.').map(Number));
    case 'AAAA':
      return ipv6(value);
    case 'MX': {
      const [preference, name = ''] = value.split(' ');
      const number = Buffer.alloc(2);
      number.writeUInt16BE(Number(preference));
      return Buffer.concat([number, domainName(name)]);
    }
    case 'TXT':
      return Buffer.concat((value.match(/.{1,255}/g) ?? []).map((part) => Buffer.concat([Buffer.from([part.length]), Buffer.from(part)])));
    default:
      return domainName(value);
  }
}

function domainName(name: string): Buffer {
  return Buffer.concat([
    ...name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)])),
    Buffer.from([0]),
  ]);
}

function ipv6(text: string): Buffer {
  const [front = '', back = ''] = text.split('::');
  const groups = (part: string): number[] =>
    part
      .split(':')
      .filter(Boolean)
      .map((group) => Number.parseInt(group, 16));
  const [a, b] = [groups(front), groups(back)];
  const all = [...a, ...Array(8 - a.length - b.length).fill(0), ...b] as number[];
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 255]));
}
