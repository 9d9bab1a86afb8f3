/** What the unit's certificate is for. */
import { hostname } from 'node:os';

import type { Unit } from '../../contract/unit.ts';
import { readIfExists } from '../../kit/files.ts';
import type { System } from '../../kit/system.ts';
import type { Settings } from '../../settings/index.ts';
import { applicable } from '../domain/applicable.ts';
import type { Certificate } from './schema.ts';

/**
 * Host names that people use, the domain first: what any certificate must be for. Empty where the unit has no domain. Every
 * name that the image wants an address or alias record for is one; `*.` and a domain stands for all below it.
 */
export function wantedNames(domain: string | undefined, { dns = [] }: Pick<Unit, 'dns'>): string[] {
  if (domain === undefined) return [];
  const hosts = dns
    .filter(({ type }) => ['A', 'AAAA', 'CNAME'].includes(type))
    .map(({ name }) => (name === '@' ? domain : `${name}.${domain}`));
  const names = [...new Set([domain, ...hosts])].filter((name) => HOST_NAME.test(name.replace(/^\*\./, '')));
  // What a wildcard stands for already (RFC 9525, 6.3): authorities refuse to name both.
  return names.filter((name) => name.startsWith('*.') || name === domain || !names.includes(name.replace(/^[^.]+/, '*')));
}

/** What a certificate can name: a host may be called otherwise, where a cloud named it. */
const HOST_NAME = /^[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*$/;

export interface WantedCertificate {
  certificate: Certificate;
  /** Host names of the unit, `wantedNames`. */
  names: readonly string[];
  /** HTTP proxy by which an authority is reached. */
  proxy?: string;
}

/** What settings ask for; those that an earlier release saved have no such section, and mean its defaults. */
export function wantedCertificate(settings: Settings, unit: Pick<Unit, 'dns'>): WantedCertificate {
  const { certificate = {}, network = {}, domain = {} }: Partial<Settings> = settings;
  const { proxy = '' } = network;
  return { certificate, names: wantedNames(domain.name, applicable(unit, settings)), ...(proxy === '' ? {} : { proxy }) };
}

export interface OwnNames {
  dns: string[];
  addresses: string[];
  /** The unit is reached by its addresses: a certificate that lacks one of today's is to be made again. */
  byAddress: boolean;
}

/** What a certificate that the unit makes itself is for: it must do however the unit is reached. */
export async function ownNames(system: System, names: readonly string[]): Promise<OwnNames> {
  const own = (await readIfExists(system.path('/etc/hostname')))?.trim() || hostname();
  return {
    dns: [...new Set([...names, ...(HOST_NAME.test(own) ? [own] : []), 'localhost'])],
    addresses: ['127.0.0.1', '::1', ...(await addressesOf(system))],
    byAddress: names.length === 0,
  };
}

interface Link {
  addr_info?: { local?: string; scope?: string; temporary?: boolean; deprecated?: boolean }[];
}

/** Lasting addresses of this machine: IPv6's temporary ones (RFC 8981) are others tomorrow. */
async function addressesOf(system: System): Promise<string[]> {
  const { stdout } = await system.run('ip', ['-json', 'address', 'show', 'scope', 'global']);
  const links = JSON.parse(stdout === '' ? '[]' : stdout) as Link[];
  // ip(8) prints an empty object for each address that the scope leaves out.
  return links
    .flatMap(({ addr_info: addresses = [] }) => addresses)
    .flatMap(({ local, temporary, deprecated }) => (local === undefined || temporary === true || deprecated === true ? [] : [local]));
}
