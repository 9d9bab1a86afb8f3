/** Free TCP ports of loopback. */
import { createServer } from 'node:net';

/** A port of 127.0.0.1 that nobody listens on right now. Whoever uses it must cope with having lost a race for it. */
export async function freePort(): Promise<number> {
  const server = createServer();
  return await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (address !== null && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port'))));
    });
  });
}
