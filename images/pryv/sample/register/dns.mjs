// Serves the platform's domain (RFC 1035): SOA, NS and A records; a user's name is where the user's core is.
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';

const TYPES = { A: 1, NS: 2, SOA: 6, ANY: 255 };
const TTL = 60;

/** Answers on the machine's own addresses: loopback's port 53 is resolved's. */
export async function startDns(config, coreOf) {
  const own = Object.values(networkInterfaces()).flat().filter(({ internal, address }) => !internal && !address.startsWith('fe80'));
  for (const { address, family } of own) {
    const udp = createSocket(family === 'IPv6' ? 'udp6' : 'udp4');
    udp.on('message', (query, from) => {
      reply(config, coreOf, query).then((answer) => udp.send(answer, from.port, from.address), (error) => console.error(error.message));
    });
    udp.bind(53, address);
    const tcp = createServer((socket) => {
      socket.setTimeout(10000, () => socket.destroy());
      socket.on('error', () => socket.destroy());
      socket.once('data', async (data) => {
        const answer = await reply(config, coreOf, data.subarray(2));
        const length = Buffer.alloc(2);
        length.writeUInt16BE(answer.length);
        socket.end(Buffer.concat([length, answer]));
      });
    });
    tcp.listen(53, address);
  }
}

async function reply({ domain, addresses }, coreOf, query) {
  const { name, type, end } = question(query);
  const records = [];
  const inside = name === domain || name.endsWith(`.${domain}`);
  const label = name === domain ? '' : name.slice(0, -domain.length - 1);
  const address = inside ? await addressOf(label, addresses, coreOf) : undefined;
  if (inside && label === '' && (type === TYPES.NS || type === TYPES.ANY)) records.push(...servers(addresses).map((name) => [TYPES.NS, encode(`${name}.${domain}`)]));
  if (inside && label === '' && (type === TYPES.SOA || type === TYPES.ANY)) records.push([TYPES.SOA, soa(domain)]);
  if (address !== undefined && (type === TYPES.A || type === TYPES.ANY)) records.push([TYPES.A, Buffer.from(address.split('.').map(Number))]);
  const header = Buffer.from(query.subarray(0, 12));
  // An answer, authoritative; REFUSED (5) where it is not ours.
  header.writeUInt16BE(0x8400 | (header.readUInt16BE(2) & 0x0100) | (inside ? 0 : 5), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  header.writeUInt32BE(0, 8);
  return Buffer.concat([header, query.subarray(12, end), ...records.map(([kind, data]) => record(kind, data))]);
}

/** The register, and the second one where there is one. */
function servers(addresses) {
  return addresses['reg-slave'] ? ['reg', 'reg-slave'] : ['reg'];
}

/** Names that nobody has lead to the register, which says so. */
async function addressOf(label, addresses, coreOf) {
  if (label === '') return addresses.website || addresses.reg;
  const own = addresses[label] || addresses[await coreOf(label)] || addresses.reg;
  return /^\d+(\.\d+){3}$/.test(own) ? own : undefined;
}

function question(query) {
  const labels = [];
  let at = 12;
  for (let length = query[at]; length !== 0; length = query[at]) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
    if (at >= query.length || length > 63) throw new Error('a damaged question');
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

function record(type, data) {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(TTL, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function encode(name) {
  return Buffer.concat([...name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)])), Buffer.from([0])]);
}

function soa(domain) {
  const numbers = Buffer.alloc(20);
  [1, 3600, 600, 86400, 60].forEach((number, index) => numbers.writeUInt32BE(number, index * 4));
  return Buffer.concat([encode(`reg.${domain}`), encode(`hostmaster.${domain}`), numbers]);
}
