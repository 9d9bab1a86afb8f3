/** What name servers say: the system's resolver, and the domain's own servers where they can be reached. */
import { randomBytes } from 'node:crypto';
import { Resolver } from 'node:dns/promises';

import { canonical } from '../network/addresses.ts';
import type { WantedRecord } from './records.ts';

/** How the system's own resolver is called in tables; the page may translate it. */
export const SYSTEM = 'system';
/** More of a domain's name servers need not be asked: they are to say the same. */
const MOST_SERVERS = 3;

export interface LookupOptions {
  /** Name server in the place of the system's, with its port: for tests. */
  system?: string;
  /** Port of the domain's own servers. */
  port?: number;
  /** Milliseconds for an answer, which is waited for twice. */
  timeout?: number;
}

export interface Answer {
  /** `system`, or name and address of one of the domain's own servers. */
  server: string;
  /** In the form of `WantedRecord.values`. */
  found: string[];
  /** Where there is none: NXDOMAIN, NODATA, SERVFAIL, REFUSED, TIMEOUT or another code of the resolver. */
  why: string | undefined;
  /** The server says that it is so, rather than that it cannot be asked. */
  sure: boolean;
}

interface Server {
  name: string;
  resolver: Resolver;
}

/** Servers to ask about a domain: the system's, then the domain's own. */
export async function serversOf(domain: string, options: LookupOptions = {}): Promise<Server[]> {
  const system = { name: SYSTEM, resolver: resolverOf(options.system, options) };
  const names = await zoneServers(system.resolver, domain);
  const own = await Promise.all(
    names.slice(0, MOST_SERVERS).map(async (name): Promise<Server[]> => {
      // The first address will do: another way to the same server says nothing new.
      const [address] = await firstOf(
        () => system.resolver.resolve4(name),
        () => system.resolver.resolve6(name),
      );
      if (address === undefined) return [];
      const bracketed = address.includes(':') ? `[${address}]` : address;
      return [{ name: `${name} (${address})`, resolver: resolverOf(`${bracketed}:${options.port ?? 53}`, options) }];
    }),
  );
  return [system, ...own.flat()];
}

function resolverOf(server: string | undefined, { timeout = 2000 }: LookupOptions): Resolver {
  const resolver = new Resolver({ timeout, tries: 2 });
  if (server !== undefined) resolver.setServers([server]);
  return resolver;
}

/** Names of the servers of the zone that the domain is in: its own, or that of a domain above it. */
async function zoneServers(resolver: Resolver, domain: string): Promise<string[]> {
  const labels = domain.split('.');
  for (let first = 0; first < labels.length - 1; first++) {
    const names = await resolver.resolveNs(labels.slice(first).join('.')).catch(() => []);
    if (names.length > 0) return names.sort();
  }
  return [];
}

async function firstOf(...ways: (() => Promise<string[]>)[]): Promise<string[]> {
  for (const way of ways) {
    const found = await way().catch(() => []);
    if (found.length > 0) return found;
  }
  return [];
}

/** Asks one server for one record. A name that stands for every name is asked for by one that nobody has given. */
export async function ask({ name, resolver }: Server, record: WantedRecord): Promise<Answer> {
  const asked = record.name.replace(/^\*/, () => `unit-${randomBytes(6).toString('hex')}`);
  try {
    return { server: name, found: (await query(resolver, asked, record)).sort(), why: undefined, sure: true };
  } catch (error) {
    const code = String((error as NodeJS.ErrnoException).code);
    const why = CODES[code] ?? code;
    return { server: name, found: [], why, sure: why === 'NXDOMAIN' || why === 'NODATA' };
  }
}

/** Of c-ares, as DNS itself calls them (RFC 1035, 4.1.1). */
const CODES: Record<string, string> = {
  ENOTFOUND: 'NXDOMAIN',
  ENODATA: 'NODATA',
  ESERVFAIL: 'SERVFAIL',
  EREFUSED: 'REFUSED',
  ETIMEOUT: 'TIMEOUT',
  ECONNREFUSED: 'TIMEOUT',
};

async function query(resolver: Resolver, name: string, { type }: WantedRecord): Promise<string[]> {
  switch (type) {
    case 'A':
      return resolver.resolve4(name);
    case 'AAAA':
      return (await resolver.resolve6(name)).map(canonical);
    case 'MX':
      return (await resolver.resolveMx(name)).map(({ priority, exchange }) => `${priority} ${exchange.toLowerCase()}`);
    case 'TXT':
      return (await resolver.resolveTxt(name)).map((parts) => parts.join(''));
    case 'CNAME':
      return (await resolver.resolveCname(name)).map((each) => each.toLowerCase());
    case 'NS':
      return (await resolver.resolveNs(name)).map((each) => each.toLowerCase());
  }
}
