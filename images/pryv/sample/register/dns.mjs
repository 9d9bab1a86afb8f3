// Serves the platform's domain (RFC 1035): SOA, NS, A and CNAME records; a user's name is where the user's core is.
import { createSocket } from 'node:dgram';
import { createServer, isIPv4, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';

const TYPES = { A: 1, NS: 2, CNAME: 5, SOA: 6, ANY: 255 };
const TTL = 60;
const HEADER = 12;

/** Answers on the machine's own addresses: loopback's port 53 is resolved's. */
export function startDns(config, coreOf) {
  const own = Object.values(networkInterfaces()).flat().filter(({ internal, address }) => !internal && !address.startsWith('fe80'));
  for (const { address } of own) serve(address, 53, (query) => answerTo(config, coreOf, query));
}

/**
 * By datagrams and connections at one address; whoever asks, and whatever, others are answered. Who cannot begin ends the process,
 * which systemd starts again.
 * @param answer resolves to undefined where there is nothing to say
 */
export function serve(address, port, answer) {
  const log = (error) => console.error(error.message);
  const udp = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  udp.on('message', (query, from) => {
    answer(query).then((data) => data && udp.send(data, from.port, from.address)).catch(log);
  });
  udp.once('listening', () => udp.on('error', log)).bind(port, address);
  const tcp = createServer((socket) => {
    let got = Buffer.alloc(0);
    socket.setTimeout(10000, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('data', (data) => {
      got = Buffer.concat([got, data]);
      if (got.length < 2 || got.length < 2 + got.readUInt16BE(0)) return;
      socket.removeAllListeners('data').resume();
      const send = (data) => socket.end(Buffer.concat([Buffer.from([data.length >> 8, data.length & 0xff]), data]));
      answer(got.subarray(2, 2 + got.readUInt16BE(0)))
        .then((data) => (data ? send(data) : socket.destroy()))
        .catch((error) => {
          log(error);
          socket.destroy();
        });
    });
  });
  tcp.once('listening', () => tcp.on('error', log)).listen(port, address);
  return { udp, tcp };
}

/** The answer to a query; undefined for what is none. */
export async function answerTo({ domain, addresses }, coreOf, query) {
  const asked = question(query);
  if (asked === undefined) return undefined;
  const { name, type, end } = asked;
  const inside = name === domain || name.endsWith(`.${domain}`);
  const label = name === domain ? '' : name.slice(0, -domain.length - 1);
  const where = inside ? await placeOf(label, addresses, coreOf) : '';
  const wants = (each) => type === each || type === TYPES.ANY;
  const records = [];
  if (inside && label === '' && wants(TYPES.NS)) records.push(...servers(addresses).map((name) => [TYPES.NS, encode(`${name}.${domain}`)]));
  if (inside && label === '' && wants(TYPES.SOA)) records.push([TYPES.SOA, soa(domain)]);
  if (isIPv4(where)) {
    if (wants(TYPES.A)) records.push([TYPES.A, Buffer.from(where.split('.').map(Number))]);
  } else if (/[a-z]/i.test(where) && label !== '' && where.toLowerCase() !== name) {
    // A machine known by its name, whatever is asked of it. The domain itself may not have such a record.
    records.push([TYPES.CNAME, encode(where)]);
  }
  const header = Buffer.from(query.subarray(0, HEADER));
  // An answer, authoritative; REFUSED (5) where it is not ours.
  header.writeUInt16BE(0x8400 | (header.readUInt16BE(2) & 0x0100) | (inside ? 0 : 5), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  header.writeUInt32BE(0, 8);
  return Buffer.concat([header, query.subarray(HEADER, end), ...records.map(([kind, data]) => record(kind, data))]);
}

/** The register, and the second one where there is one. */
function servers(addresses) {
  return addresses['reg-slave'] ? ['reg', 'reg-slave'] : ['reg'];
}

/** Address or host name. Names that nobody has lead to the register, which says so. */
async function placeOf(label, addresses, coreOf) {
  if (label === '') return addresses.website || addresses.reg;
  const known = (name) => (Object.hasOwn(addresses, name) ? addresses[name] : '');
  return known(label) || known(await coreOf(label)) || addresses.reg;
}

/** What is asked; undefined where the message is too short, has no end or is an answer itself. */
function question(query) {
  if (query.length < HEADER || (query[2] & 0x80) !== 0) return undefined;
  const labels = [];
  let at = HEADER;
  for (; query[at] > 0; at += 1 + query[at]) {
    if (query[at] > 63) return undefined;
    labels.push(query.toString('latin1', at + 1, at + 1 + query[at]));
  }
  if (at + 5 > query.length) return undefined;
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
