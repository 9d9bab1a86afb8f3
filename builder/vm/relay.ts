/**
 * QEMU's user network takes a connection for its guest before there is anybody to take it, and asks the guest again after 6, 12
 * and 12 more seconds: who connects too early is connected up to twelve seconds too late. A relay takes the connection
 * instead, and makes its own to QEMU when the guest listens.
 */
import { connect, createServer, type Socket } from 'node:net';
import { pipeline } from 'node:stream';

import type { Cleanup } from '../kit/cleanup.ts';
import { listenOnLoopback } from './ports.ts';

/**
 * A port of 127.0.0.1 that leads to the one that `target` gives, asked for each connection when it comes. One for which
 * `target` throws is closed. `cleanup` closes all.
 * @returns the port
 */
export async function openRelay(target: () => Promise<number>, cleanup: Cleanup): Promise<number> {
  const open = new Set<Socket>();
  const keep = (socket: Socket): Socket => {
    open.add(socket);
    return socket.once('close', () => open.delete(socket));
  };
  const server = createServer((client) => {
    keep(client).on('error', () => undefined);
    const join = (port: number): void => {
      if (client.destroyed) return;
      const guest = keep(connect(port, '127.0.0.1'));
      // An end or an error of one is the end of the other; who reads has nothing else to hear of it.
      pipeline(client, guest, () => guest.destroy());
      pipeline(guest, client, () => client.destroy());
    };
    target().then(join, () => client.destroy());
  });
  cleanup.add('relay', () => {
    server.close();
    for (const socket of open) socket.destroy();
  });
  return await listenOnLoopback(server);
}
