import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';

import { Cleanup } from '../../../builder/kit/cleanup.ts';
import { openRelay } from '../../../builder/vm/relay.ts';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** Greets and gives back what it gets. */
async function guest(): Promise<{ port: number; server: Server }> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined).write('SSH-2.0-guest\r\n');
    socket.pipe(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  cleanup.add('guest', () => void server.close());
  return { port: (server.address() as { port: number }).port, server };
}

const connections = (server: Server): Promise<number> =>
  new Promise((resolve, reject) => server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))));
const read = async (socket: Socket): Promise<string> => String((await once(socket, 'data'))[0]);

describe('a relay', () => {
  test('takes a connection at once, and makes its own when the guest listens', async () => {
    const { port, server } = await guest();
    let listens: (port: number) => void = () => undefined;
    const relay = await openRelay(() => new Promise((resolve) => (listens = resolve)), cleanup);
    const client = connect(relay, '127.0.0.1');
    await once(client, 'connect');
    expect(await connections(server)).toBe(0);
    listens(port);
    expect(await read(client)).toBe('SSH-2.0-guest\r\n');
    client.write('hello');
    expect(await read(client)).toBe('hello');
    client.destroy();
    await expect.poll(() => connections(server), { timeout: 10_000 }).toBe(0);
  });

  test('closes what it cannot lead anywhere, and everything at the end', async () => {
    const refused = connect(await openRelay(() => Promise.reject(new Error('cancelled')), cleanup), '127.0.0.1');
    await once(refused, 'close');
    const waiting = connect(await openRelay(() => new Promise(() => undefined), cleanup), '127.0.0.1');
    await once(waiting, 'connect');
    const closed = once(waiting, 'close');
    await cleanup.run();
    await closed;
  });
});
