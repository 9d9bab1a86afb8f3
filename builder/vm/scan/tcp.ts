/** A SYN scan: which TCP ports of the machine under test accept, refuse or ignore a connection, as a stranger sees it. */
import { randomInt } from 'node:crypto';

import { type IpPacket, Protocol } from '../packets/ip.ts';
import { decodeTcp, encodeTcp, type Segment, TcpFlag } from '../packets/tcp.ts';
import type { Station } from './station.ts';

export interface TcpScan {
  /** Ports that answered SYN with SYN/ACK, ascending. */
  open: number[];
  /** How many ports answered with RST: reachable, and nobody listens. */
  closed: number;
  /** How many ports did not answer at all: a firewall drops. */
  filtered: number;
}

/** Fits every NIC model's receive ring, so that nothing is lost between two answers to `reach`. */
const BATCH = 128;
/** Milliseconds for the answer that follows a batch; the batch is sent again after that. */
const PATIENCE = 3000;
const ATTEMPTS = 5;
/** Ports without an answer are asked this many times in all. */
const PASSES = 2;

/** All TCP ports. */
export function everyPort(): number[] {
  return Array.from({ length: 65535 }, (_, index) => index + 1);
}

/**
 * Scans `ports` of `target` (4 or 16 bytes).
 * @throws where the machine stops answering ARP or neighbour solicitations, which no firewall filters, or on abort.
 */
export async function scanTcp(station: Station, target: Uint8Array, ports: readonly number[], signal: AbortSignal): Promise<TcpScan> {
  const scan = new SynScan(station, target);
  station.onPacket((packet) => scan.receive(packet));
  try {
    for (let pass = 0; pass < PASSES; pass += 1) {
      const silent = ports.filter((port) => !scan.open.has(port) && !scan.closed.has(port));
      for (let index = 0; index < silent.length; index += BATCH) {
        signal.throwIfAborted();
        await scan.ask(silent.slice(index, index + BATCH));
      }
    }
  } finally {
    station.onPacket(undefined);
  }
  const open = [...scan.open].sort((a, b) => a - b);
  return { open, closed: scan.closed.size, filtered: ports.length - open.length - scan.closed.size };
}

class SynScan {
  readonly open = new Set<number>();
  readonly closed = new Set<number>();
  readonly #station: Station;
  readonly #target: Buffer;
  /** The source port and the sequence number together tell our answers from anything else. */
  readonly #port = randomInt(32768, 60999);
  readonly #sequence = randomInt(2 ** 31);

  constructor(station: Station, target: Uint8Array) {
    this.#station = station;
    this.#target = Buffer.from(target);
  }

  async ask(ports: readonly number[]): Promise<void> {
    const syns = ports.map((port) => this.#packet(port, { sequence: this.#sequence, flags: TcpFlag.syn }));
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      this.#station.send(syns);
      if (await this.#station.reach(this.#target, PATIENCE)) return;
    }
    throw new Error('the machine stopped answering on its network while it was scanned');
  }

  receive(packet: IpPacket): void {
    if (packet.protocol !== Protocol.tcp || !this.#target.equals(packet.source)) return;
    const segment = decodeTcp(packet.payload);
    if (segment === undefined || segment.destinationPort !== this.#port || segment.acknowledgement !== this.#sequence + 1) return;
    if ((segment.flags & TcpFlag.rst) !== 0) {
      this.closed.add(segment.sourcePort);
    } else if ((segment.flags & (TcpFlag.syn | TcpFlag.ack)) === (TcpFlag.syn | TcpFlag.ack)) {
      this.open.add(segment.sourcePort);
      // Take the half-open connection back, so that the service never hears of it and the guest need not repeat itself.
      this.#station.send([this.#packet(segment.sourcePort, { sequence: this.#sequence + 1, flags: TcpFlag.rst })]);
    }
  }

  #packet(destinationPort: number, segment: Pick<Segment, 'sequence' | 'flags'>): Omit<IpPacket, 'source'> {
    const bytes = encodeTcp(
      { sourcePort: this.#port, destinationPort, acknowledgement: 0, ...segment },
      this.#station.addressFor(this.#target),
      this.#target,
    );
    return { destination: this.#target, protocol: Protocol.tcp, payload: bytes };
  }
}
