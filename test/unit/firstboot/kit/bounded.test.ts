import { EventEmitter } from 'node:events';
import type { Server, Socket } from 'node:net';
import { expect, test } from 'vitest';

import { bounded } from '../../../../firstboot/kit/bounded.ts';

function connecting(...addresses: readonly string[]): boolean[] {
  const server = bounded(new EventEmitter() as Server, { connections: 9, perAddress: 2 });
  return addresses.map((remoteAddress) => {
    let kept = true;
    const socket = Object.assign(new EventEmitter(), {
      remoteAddress,
      destroy: () => {
        kept = false;
      },
    }) as unknown as Socket;
    server.emit('connection', socket);
    return kept;
  });
}

test.each([
  ['of one IPv6 network', ['2001:db8::1', '2001:db8::2', '2001:db8::3:4'], [true, true, false]],
  ['of two', ['2001:db8::1', '2001:db8::2', '2001:db8:0:1::1'], [true, true, true]],
  ['of one IPv4 address, however it is written', ['192.0.2.1', '::ffff:192.0.2.1', '192.0.2.1'], [true, true, false]],
  ['of neighbours by IPv4', ['192.0.2.1', '192.0.2.2', '192.0.2.3'], [true, true, true]],
])('connections %s', (_, addresses, kept) => expect(connecting(...addresses)).toEqual(kept));
