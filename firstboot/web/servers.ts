/** The servers behind the sockets: bounded in time and number, so that whoever is slow or many keeps nobody else out. */
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

import { bounded, httpTimes, type Limits, tlsTimes } from '../kit/bounded.ts';
import { isOwnHost, originAt, parseHost } from './host.ts';
import type { ListenAt, SocketName, Sockets } from './sockets.ts';

export const LIMITS: Limits = { headers: 10, request: 60, connections: 256, perAddress: 32 };

export interface ServeOptions {
  sockets: Sockets;
  tls: { cert: string; key: string };
  listener: RequestListener;
  /** The unit's own names, for redirects. */
  names: () => Promise<readonly string[]>;
  limits?: Limits;
}

export class Servers {
  readonly #options: ServeOptions;
  readonly #running: { name: SocketName; server: Server }[] = [];

  constructor(options: ServeOptions) {
    this.#options = options;
  }

  async listen(): Promise<void> {
    const given = Object.entries(this.#options.sockets) as [SocketName, ListenAt[]][];
    for (const [name, all] of given) {
      for (const at of all) this.#running.push({ name, server: await listening(this.#make(name), at) });
    }
  }

  /** The port of a socket, as this machine knows it. */
  port(name: SocketName): number | undefined {
    const server = this.#running.find((each) => each.name === name)?.server;
    return (server?.address() as AddressInfo | null | undefined)?.port;
  }

  /** Ends everything, at once. */
  async close(): Promise<void> {
    const all = this.#running.splice(0).map(
      ({ server }) =>
        new Promise<void>((resolve) => {
          server.close(() => resolve());
          server.closeAllConnections();
        }),
    );
    await Promise.all(all);
  }

  #make(name: SocketName): Server {
    const { listener, tls, limits = LIMITS } = this.#options;
    const options = { ...httpTimes(limits), maxHeaderSize: 16 * 1024 };
    if (name === 'http') return bounded(createHttpServer(options, this.#redirect), limits);
    return bounded(createHttpsServer({ ...options, ...tls, ...tlsTimes(limits) }, listener) as unknown as Server, limits);
  }

  /** Port 80 leads to 443 of the same host, and to nothing else. */
  readonly #redirect: RequestListener = (request, response) => {
    const host = parseHost(request.headers.host);
    void this.#options
      .names()
      .catch(() => [])
      .then((names) => {
        response.setHeader('connection', 'close');
        response.setHeader('cache-control', 'no-store');
        if (host === undefined || !isOwnHost(host, names)) response.writeHead(421).end();
        else if (request.method !== 'GET' && request.method !== 'HEAD') response.writeHead(405, { allow: 'GET, HEAD' }).end();
        else response.writeHead(307, { location: originAt(host, this.port('https') ?? 443) + pathOf(request.url) }).end();
      });
  };
}

/** Only a path of our own: `//elsewhere` and whole URLs in the request line are not taken over. */
function pathOf(url = '/'): string {
  return /^\/(?![/\\])[\x21-\x7e]*$/.test(url) ? url : '/';
}

async function listening(server: Server, at: ListenAt): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(at, () => {
      server.off('error', reject);
      resolve(server);
    });
  });
}
