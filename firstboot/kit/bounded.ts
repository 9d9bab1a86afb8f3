/** Servers that strangers reach: whoever has many connections keeps nobody else out. */
import type { Server, Socket } from 'node:net';

import { neighbourhood } from './neighbourhood.ts';

export interface Connections {
  /** Connections to one socket. */
  connections: number;
  /** Of one address; of IPv6, of the /64 that it is in. */
  perAddress: number;
}

/** The same server; connections that are too many end at once. */
export function bounded<S extends Server>(server: S, { connections, perAddress }: Connections): S {
  const counts = new Map<string, number>();
  server.maxConnections = connections;
  server.on('connection', (socket: Socket) => {
    const address = neighbourhood(socket.remoteAddress ?? '');
    const count = (counts.get(address) ?? 0) + 1;
    counts.set(address, count);
    socket.once('close', () => {
      const left = (counts.get(address) ?? 1) - 1;
      if (left === 0) counts.delete(address);
      else counts.set(address, left);
    });
    if (count > perAddress) socket.destroy();
  });
  return server;
}
