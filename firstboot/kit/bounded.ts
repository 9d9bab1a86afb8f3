/** Servers that strangers reach, bounded in time and number: whoever is slow or many keeps nobody else out. */
import type { ServerOptions } from 'node:http';
import type { Server, Socket } from 'node:net';
import type { TlsOptions } from 'node:tls';

import { neighbourhood } from './neighbourhood.ts';

export interface Limits {
  /** Seconds for the TLS handshake, and for the headers. */
  headers: number;
  /** Seconds for a whole request, body included. */
  request: number;
  /** Connections to one socket. */
  connections: number;
  /** Of one address; of IPv6, of the /64 that it is in. */
  perAddress: number;
}

/** Options of a server of HTTP. */
export function httpTimes({ headers, request }: Limits): ServerOptions {
  return {
    headersTimeout: headers * 1000,
    requestTimeout: request * 1000,
    connectionsCheckingInterval: Math.min(headers, 2) * 1000,
    keepAliveTimeout: 5000,
  };
}

/** Those of a server of HTTPS, beside `httpTimes`. */
export function tlsTimes({ headers }: Limits): TlsOptions {
  return { minVersion: 'TLSv1.2', handshakeTimeout: headers * 1000 };
}

/** The same server; connections that are too many end at once. */
export function bounded<S extends Server>(server: S, { connections, perAddress }: Pick<Limits, 'connections' | 'perAddress'>): S {
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
