/** The DNS records that an image wants, for a domain and a machine's addresses. Pure. */
import type { DnsRecord, Unit } from '../../contract/unit.ts';
import { canonical, isWithin } from '../network/addresses.ts';

export type RecordType = DnsRecord['type'];

export interface WantedRecord {
  /** Fully qualified, without the last dot; `*` in front of what stands for every name. */
  name: string;
  type: RecordType;
  /** Any of these will do for addresses, the one for other types; names are fully qualified. Empty: any address. */
  values: string[];
  /** The values are the unit's own addresses: behind a router that translates addresses the world sees another. */
  own: boolean;
  required: boolean;
}

/** What an image wants that says nothing. */
const STANDARD: readonly DnsRecord[] = [
  { name: '@', type: 'A' },
  { name: '@', type: 'AAAA' },
];

/** @param addresses of this machine. Without a public IPv6 address no AAAA record is wanted, save where the image insists. */
export function wantedRecords({ dns }: Pick<Unit, 'dns'>, domain: string, addresses: readonly string[]): WantedRecord[] {
  return (dns ?? STANDARD).flatMap((record): WantedRecord[] => {
    const { type, value, required = false } = record;
    const own = value === undefined && (type === 'A' || type === 'AAAA');
    const values = own ? addresses.filter((address) => fits(type, address)) : [dataOf(record, domain)];
    // Whoever has no IPv6 needs no record; a unit without IPv4 may yet be reached by one.
    if (type === 'AAAA' && own && values.length === 0 && !required) return [];
    return [{ name: qualified(record.name, domain), type, values, own, required }];
  });
}

function fits(type: RecordType, address: string): boolean {
  // 2000::/3 is all that is public (RFC 4291, 2.4; IANA).
  return type === 'A' ? !address.includes(':') : isWithin({ address: '2000::', prefix: 3, version: 6 }, address);
}

function dataOf({ type, value }: DnsRecord, domain: string): string {
  switch (type) {
    case 'A':
    case 'AAAA':
      return canonical(value ?? '');
    case 'MX': {
      const [preference = '10', name = '@'] = (value ?? '').split(' ').filter((part) => part !== '');
      return `${preference} ${qualified(name, domain)}`;
    }
    case 'TXT':
      return value ?? '';
    default:
      return qualified(value ?? '@', domain);
  }
}

/** A name of a zone file (RFC 1035, 5.1): `@` is the domain, one without a last dot is below it. In lower case. */
function qualified(name: string, domain: string): string {
  if (name === '@') return domain;
  return (name.endsWith('.') ? name.slice(0, -1) : `${name}.${domain}`).toLowerCase();
}

/** Lines of a zone file for one record, for each of its values; addresses that are not known leave a place to fill in. */
export function zoneLines({ name, type, values }: WantedRecord): string[] {
  const dotted = (text: string): string => `${text}.`;
  const data = (value: string): string => {
    if (type === 'TXT') return (value.match(/.{1,255}/g) ?? ['']).map((part) => `"${part.replaceAll(/["\\]/g, '\\$&')}"`).join(' ');
    return type === 'A' || type === 'AAAA' ? value : dotted(value);
  };
  return (values.length === 0 ? ['ADDRESS'] : values).map((value) => `${dotted(name)} 3600 IN ${type} ${data(value)}`);
}
