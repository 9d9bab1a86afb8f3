/**
 * One end of an Ethernet cable whose other end is QEMU's `-netdev dgram`: each UDP datagram on loopback is one frame.
 * It needs no privilege and no /dev/net/tun. QEMU 7.2 or later.
 */
import { createSocket, type Socket } from 'node:dgram';

import type { Cleanup } from '../../kit/cleanup.ts';

export interface Link {
  /** Where QEMU sends to: the `remote` port of its netdev. */
  port: number;
  /** Sends frames in order. They are dropped while QEMU has not been heard of yet: its port is learnt from its first frame. */
  send(frames: readonly Uint8Array[]): void;
  /** The one reader of what comes in; replaces an earlier one. */
  onFrame(reader: ((frame: Buffer) => void) | undefined): void;
  close(): void;
}

const HOST = '127.0.0.1';
/** Room for the answers to a whole batch, so that the kernel drops none while this process is busy. */
const RECEIVE_BUFFER = 4 * 1024 * 1024;

/** Opens the near end on a free port of loopback; `cleanup` closes it. */
export async function openLink(cleanup: Cleanup): Promise<Link> {
  const socket: Socket = createSocket('udp4');
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(0, HOST, resolve);
  });
  socket.setRecvBufferSize(RECEIVE_BUFFER);
  let closed = false;
  const close = (): void => {
    if (!closed) socket.close();
    closed = true;
  };
  cleanup.add('link to the virtual network', close);

  let peer: number | undefined;
  let reader: ((frame: Buffer) => void) | undefined;
  socket.on('message', (frame, from) => {
    peer ??= from.port;
    if (from.port === peer) reader?.(frame);
  });
  // QEMU gone means ECONNREFUSED on the next send: whoever waits for an answer runs into its deadline and says so.
  socket.on('error', () => undefined);
  return {
    port: socket.address().port,
    send(frames) {
      if (closed || peer === undefined) return;
      for (const frame of frames) socket.send(frame, peer, HOST);
    },
    onFrame(next) {
      reader = next;
    },
    close,
  };
}
