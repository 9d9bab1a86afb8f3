import { createHash, timingSafeEqual } from 'node:crypto';

export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** In constant time: of a secret only its hash is kept. */
export function isSecret(given: string, hash: string): boolean {
  return timingSafeEqual(Buffer.from(sha256(given)), Buffer.from(hash.padEnd(64).slice(0, 64)));
}
