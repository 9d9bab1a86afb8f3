import { isIPv4, isIPv6 } from 'node:net';

import type { DnsRecord, Unit } from '../../contract/unit.ts';
import { type Settings, settingAt } from '../../settings/index.ts';

/** Of the records that an image wants, those that these settings ask for (`when`), with the values that they give (`from`). */
export function applicable({ dns }: Pick<Unit, 'dns'>, settings: Partial<Settings>): Pick<Unit, 'dns'> {
  return dns === undefined
    ? {}
    : { dns: dns.filter((record) => isAskedFor(record, settings)).flatMap((record) => valued(record, settings)) };
}

function isAskedFor({ when = {} }: DnsRecord, settings: Partial<Settings>): boolean {
  return Object.entries(when).every(([path, values]) => {
    const value = settingAt(settings, path);
    return values === 'set' ? isSet(value) : values.includes(value as string);
  });
}

/** A setting may have what a record of the type cannot say, such as a name in the place of an address. */
function valued({ from, ...record }: DnsRecord, settings: Partial<Settings>): DnsRecord[] {
  if (from === undefined) return [record];
  const value = settingAt(settings, from);
  if (!isSet(value)) return [];
  const text = String(value);
  return FITS[record.type]?.(text) === false ? [] : [{ ...record, value: text }];
}

const FITS: Partial<Record<DnsRecord['type'], (value: string) => boolean>> = { A: isIPv4, AAAA: isIPv6 };

function isSet(value: unknown): boolean {
  return value !== undefined && value !== '';
}
