/** A package repository over HTTP on loopback: guests on QEMU's user network reach it at 10.0.2.2. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';
import { pipeline } from 'node:stream/promises';

import type { Cleanup } from '../../../builder/kit/cleanup.ts';

/** Serves the files below `folder` until `cleanup` runs. @returns the port of 127.0.0.1 */
export async function serve(folder: string, cleanup: Cleanup): Promise<number> {
  const server = createServer((request, response) => {
    // A guest that goes away in the middle of a file is no failure of ours.
    void answer(folder, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  cleanup.add('package server', () => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return (server.address() as AddressInfo).port;
}

async function answer(folder: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // normalize() of an absolute path cannot lead above it.
  const path = join(folder, normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname)));
  const info = await stat(path).catch(() => undefined);
  if (info === undefined || !info.isFile()) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { 'content-length': info.size, 'last-modified': info.mtime.toUTCString() });
  if (request.method === 'HEAD') response.end();
  else await pipeline(createReadStream(path), response);
}
