import { isIPv6 } from 'node:net';

import { openSettings } from '../apply/open-settings.ts';
import type { Unit } from '../contract/unit.ts';
import type { System } from '../kit/system.ts';
import { ownAddresses } from './addresses.ts';

/** Where people find the product: by its name where it has one, else by each address. None where it has no web port. */
export async function productUrls(system: System, unit: Pick<Unit, 'ports'>): Promise<string[]> {
  const has = (port: number): boolean => unit.ports.some((each) => each.port === port && (each.protocol ?? 'tcp') === 'tcp');
  const scheme = has(443) ? 'https' : has(80) ? 'http' : undefined;
  if (scheme === undefined) return [];
  const name = (await openSettings(system))?.domain.name;
  return (name === undefined ? ownAddresses() : [name]).map((host) => `${scheme}://${inUrl(host)}/`);
}

/** A host as it stands in a URL (RFC 3986, 3.2.2). */
export function inUrl(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}
