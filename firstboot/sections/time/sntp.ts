/** One question to a time server: SNTP version 4 (RFC 4330). */
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';

/** Seconds between 1900, where NTP begins to count, and 1970. */
const ERA = 2_208_988_800;
const PACKET = 48;
const CLIENT = 3;
const SERVER = 4;

export interface SntpAnswer {
  /** Milliseconds by which the server's clock is ahead of this one. */
  offset: number;
  /** Milliseconds that question and answer took on their way. */
  delay: number;
  /** Distance from a reference clock: 1 to 15. */
  stratum: number;
}

/**
 * Asks `address` (an IP address) once.
 * @param timeout milliseconds
 * @throws Error where nothing comes in time, or the server says that its own clock is not set
 */
export async function querySntp(address: string, { port = 123, timeout = 3000 } = {}): Promise<SntpAnswer> {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  const question = Buffer.alloc(PACKET);
  question[0] = (4 << 3) | CLIENT;
  // A number that nobody can guess instead of the time, which the server sends back: it is the answer to this question.
  const cookie = randomBytes(8);
  cookie.copy(question, 40);
  let timer: NodeJS.Timeout | undefined;
  return await new Promise<SntpAnswer>((resolve, reject) => {
    timer = setTimeout(() => reject(new Error('it does not answer')), timeout);
    let sent = 0;
    let clock = 0;
    socket.on('error', reject);
    socket.on('message', (answer) => {
      if (answer.length < PACKET || ((answer[0] ?? 0) & 7) !== SERVER || !answer.subarray(24, 32).equals(cookie)) return;
      const stratum = answer[1] ?? 0;
      // The monotonic clock: the other one may be set in between.
      const elapsed = performance.now() - sent;
      const received = timeAt(answer, 32);
      const left = timeAt(answer, 40);
      // Leap indicator 3: its clock is not synchronised. Stratum 0: a "kiss of death", such as RATE.
      if ((answer[0] ?? 0) >> 6 === 3 || stratum < 1 || stratum > 15) reject(new Error('its own clock is not set'));
      else resolve({ offset: (received - clock + (left - (clock + elapsed))) / 2, delay: elapsed - (left - received), stratum });
    });
    // Connected: the kernel takes answers of this server alone, and says when nobody listens there.
    socket.connect(port, address, () => {
      sent = performance.now();
      clock = Date.now();
      socket.send(question);
    });
  }).finally(() => {
    clearTimeout(timer);
    socket.close();
  });
}

/** A timestamp (RFC 4330, 3) as milliseconds since 1970; those with the first bit clear are of the era from 2036 on. */
function timeAt(packet: Buffer, at: number): number {
  const seconds = packet.readUInt32BE(at);
  const era = seconds < 0x8000_0000 ? 2 ** 32 : 0;
  return (seconds + era - ERA) * 1000 + (packet.readUInt32BE(at + 4) / 2 ** 32) * 1000;
}
