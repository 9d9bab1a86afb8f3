/** What the sample register's DNS server answers, and that nothing sent to it keeps it from answering. */
import { createSocket, type Socket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { type AddressInfo, connect, type Server } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { packageRoot } from '../../../../builder/kit/paths.ts';

type Answer = (query: Buffer) => Promise<Buffer | undefined>;
interface Dns {
  serve(address: string, port: number, answer: Answer): { udp: Socket; tcp: Server };
  answerTo(config: object, coreOf: (user: string) => Promise<string | undefined>, query: Buffer): Promise<Buffer | undefined>;
}

const addresses = {
  reg: '192.0.2.1',
  'reg-slave': '',
  co1: '192.0.2.2',
  co2: 'core.example.net',
  co3: 'co3.platform.example',
  sw: '192.0.2.3',
  website: '',
};
const users: Readonly<Record<string, string>> = { alice: 'co1', bob: 'co2' };

/** A header, and after it `question` in hexadecimal. */
const query = (question: string): Buffer => Buffer.from(`123401000001000000000000${question}`, 'hex');
const DAMAGED = [
  Buffer.alloc(0),
  Buffer.alloc(1),
  Buffer.alloc(12),
  query(''),
  // Names without an end, with a pointer to itself, longer than the message, and one without a type.
  query('0161'),
  query('c00c00010001'),
  query('3f61'),
  query('01610000'),
  Buffer.alloc(512, 1),
  // An answer.
  Buffer.from('123481000001000000000000000001000100', 'hex'),
];

describe("the sample register's names", () => {
  const resolver = new Resolver({ timeout: 2000, tries: 1 });
  let dns: Dns;
  let udp: Socket;
  let tcp: Server;
  let ports: [udp: number, tcp: number];

  beforeAll(async () => {
    const module = pathToFileURL(join(packageRoot(), 'images/pryv/sample/register/dns.mjs')).href;
    dns = (await import(module)) as Dns;
    ({ udp, tcp } = dns.serve('127.0.0.1', 0, (sent) => {
      if (sent.includes('broken')) return Promise.reject(new Error('Redis does not answer'));
      return dns.answerTo({ domain: 'platform.example', addresses }, async (user) => users[user], sent);
    }));
    await Promise.all([once(udp, 'listening'), once(tcp, 'listening')]);
    ports = [udp.address().port, (tcp.address() as AddressInfo).port];
    resolver.setServers([`127.0.0.1:${ports[0]}`]);
  });

  afterAll(() => {
    udp.close();
    tcp.close();
  });

  it.each([
    ['co1', '192.0.2.2'],
    ['alice', '192.0.2.2'],
    ['nobody', '192.0.2.1'],
    ['constructor', '192.0.2.1'],
  ])('%s is at an address', async (label, address) => {
    expect(await resolver.resolve4(`${label}.platform.example`)).toEqual([address]);
  });

  it.each(['co2', 'bob'])('%s is at a machine that is known by its name', async (label) => {
    expect(await resolver.resolveCname(`${label}.platform.example`)).toEqual(['core.example.net']);
  });

  it('no name leads to itself, and the domain has its server', async () => {
    await expect(resolver.resolve4('co3.platform.example')).rejects.toThrow(/ENODATA/);
    expect(await resolver.resolveNs('platform.example')).toEqual(['reg.platform.example']);
    expect(await resolver.resolve4('platform.example')).toEqual(['192.0.2.1']);
  });

  it.each(DAMAGED)('%j is no question', async (sent) => {
    expect(await dns.answerTo({ domain: 'platform.example', addresses }, async () => undefined, sent)).toBeUndefined();
  });

  it('goes on answering after datagrams and connections with anything in them', async () => {
    const error = vi.spyOn(console, 'error').mockReturnValue();
    const all = [...DAMAGED, query(`06${Buffer.from('broken').toString('hex')}0000010001`)];
    const client = createSocket('udp4');
    for (const sent of all) {
      client.send(sent, ports[0], '127.0.0.1');
      const socket = connect(ports[1], '127.0.0.1');
      const length = Buffer.from([sent.length >> 8, sent.length & 0xff]);
      socket.on('error', () => undefined).end(Buffer.concat([length, sent]));
      socket.resume();
      await once(socket, 'close');
    }
    client.close();
    expect(await resolver.resolve4('co1.platform.example')).toEqual(['192.0.2.2']);
    expect(error).toHaveBeenCalledWith('Redis does not answer');
  });

  it('answers over a connection what comes in pieces', async () => {
    const socket = connect(ports[1], '127.0.0.1');
    const sent = query(`03636f3108${Buffer.from('platform').toString('hex')}07${Buffer.from('example').toString('hex')}0000010001`);
    for (const piece of [Buffer.from([0]), Buffer.from([sent.length]), sent.subarray(0, 20), sent.subarray(20)]) {
      socket.write(piece);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    const answer = Buffer.concat(chunks);
    expect(answer.readUInt16BE(0)).toBe(answer.length - 2);
    expect([...answer.subarray(-4)]).toEqual([192, 0, 2, 2]);
  });
});
