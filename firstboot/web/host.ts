/** The Host header (RFC 9110, 7.2): a name that is not the unit's means a page of somebody else's (DNS rebinding). */
import { isIP } from 'node:net';

export interface Host {
  /** Lower case, an IPv6 address in brackets, without a last dot. */
  name: string;
  port: number | undefined;
}

/** Undefined for what is no host with an optional port. */
export function parseHost(header: string | undefined): Host | undefined {
  const match = /^(\[[0-9a-f:.]{2,45}\]|[a-z0-9._-]{1,253})(?::(\d{1,5}))?$/i.exec(header ?? '');
  if (match?.[1] === undefined) return undefined;
  const port = match[2] === undefined ? undefined : Number(match[2]);
  if (port !== undefined && (port === 0 || port > 65_535)) return undefined;
  return { name: match[1].toLowerCase().replace(/\.$/, ''), port };
}

/** Any IP literal and localhost are let in: behind NAT and port forwards a unit cannot know its own address. */
export function isOwnHost({ name }: Host, names: readonly string[]): boolean {
  if (name.startsWith('[')) return isIP(name.slice(1, -1)) === 6;
  return isIP(name) === 4 || name === 'localhost' || names.some((own) => own.toLowerCase().replace(/\.$/, '') === name);
}

/** `https://` and the host with another port; 443 goes without saying. */
export function originAt({ name }: Host, port: number): string {
  return `https://${name}${port === 443 ? '' : `:${port}`}`;
}
