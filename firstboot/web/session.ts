/**
 * The one browser that has claimed the unit. Its token is 256 random bits in a cookie; only the token's SHA-256 is kept, on
 * disk, so that a restart of this process asks nobody for the code again. A later right code from another browser takes
 * over: whoever reads the console is the owner, and a browser that was lost must not keep them out.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';

import { readIfExists, removeFile, writeFileAtomic } from '../kit/files.ts';

/** `__Host-`: Secure, path / and this very host, or the browser does not take it (RFC 6265bis, 4.1.3.2). */
const COOKIE = '__Host-unit';
const TOKEN = /^[A-Za-z0-9_-]{43}$/;

export class Sessions {
  readonly #file: string;
  #digest: Promise<string | undefined> | undefined;

  /** `folder` is this process's own state directory. */
  constructor(folder: string) {
    this.#file = join(folder, 'session');
  }

  /** Ends whatever session there was. @returns the Set-Cookie line of the new one */
  async begin(): Promise<string> {
    const token = randomBytes(32).toString('base64url');
    const digest = digestOf(token);
    await writeFileAtomic(this.#file, digest, { mode: 0o600 });
    this.#digest = Promise.resolve(digest);
    return `${COOKIE}=${token}; Path=/; Secure; HttpOnly; SameSite=Strict`;
  }

  async end(): Promise<void> {
    await removeFile(this.#file);
    this.#digest = Promise.resolve(undefined);
  }

  /** The token of the session where the request's cookie has it. */
  async tokenOf(cookies: string | undefined): Promise<string | undefined> {
    const token = cookieOf(cookies, COOKIE);
    if (token === undefined || !TOKEN.test(token)) return undefined;
    this.#digest ??= readIfExists(this.#file);
    const kept = await this.#digest;
    return kept !== undefined && sameText(kept, digestOf(token)) ? token : undefined;
  }
}

/** What forms carry against forgery (CSRF): known to nobody without the token, and not the token itself. */
export function formToken(sessionToken: string): string {
  return createHmac('sha256', sessionToken).update('form').digest('base64url');
}

/** In a time that says nothing about where they differ. */
export function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** A cookie's value (RFC 6265, 5.4); of several with the name the first. */
export function cookieOf(header: string | undefined, name: string): string | undefined {
  const start = `${name}=`;
  const pairs = (header ?? '').split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(start))?.slice(start.length);
}

function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
