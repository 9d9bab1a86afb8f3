import { isIPv4, isIPv6 } from 'node:net';

import type { DnsRecord } from '../../../firstboot/contract/unit.ts';
import { problemAt, type Rule } from './rule.ts';

/** What the type of a record asks of its value, and of other records of its name. */
export const dnsRecords: Rule = {
  name: 'dns-records',
  severity: 'error',
  check(image) {
    const records = image.definition.dns ?? [];
    return records.flatMap((record, index) => {
      const wrong = wrongValue(record) ?? wrongPlace(record, records, index);
      return wrong === undefined ? [] : [problemAt(image, `/dns/${index}`, wrong.message, wrong.suggestion)];
    });
  },
};

interface Wrong {
  message: string;
  suggestion: string;
}

function wrongValue({ name, type, value, from }: DnsRecord): Wrong | undefined {
  const about = `the DNS record ${name} ${type}`;
  if (from !== undefined)
    return value === undefined ? undefined : { message: `${about} has both value and from`, suggestion: 'Keep one of them.' };
  if (type === 'TXT' && value === undefined) return { message: `${about} has no value`, suggestion: 'Add value: what it must say.' };
  if (value === undefined) return undefined;
  const forms = {
    A: { fits: isIPv4(value), suggestion: "Give an IPv4 address, or leave the value out for the unit's own." },
    AAAA: { fits: isIPv6(value), suggestion: "Give an IPv6 address, or leave the value out for the unit's own." },
    MX: { fits: /^[0-9]{1,5} \S+$/.test(value), suggestion: 'Give preference and name, such as `10 @`.' },
    NS: { fits: /^\S+$/.test(value), suggestion: 'Give a name, such as `ns1` or `ns.example.org.`.' },
    CNAME: { fits: /^\S+$/.test(value), suggestion: 'Give a name, such as `@` or `www.example.org.`.' },
    TXT: { fits: true, suggestion: '' },
  }[type];
  return forms.fits ? undefined : { message: `${about} has a value that its type cannot have`, suggestion: forms.suggestion };
}

function wrongPlace(record: DnsRecord, records: readonly DnsRecord[], index: number): Wrong | undefined {
  const { name, type, value, from } = record;
  const others = records.slice(0, index).filter((other) => other.name === name);
  if (others.some((other) => other.type === type && other.value === value && other.from === from))
    return { message: `the DNS record ${name} ${type} is there twice`, suggestion: 'Keep one of them.' };
  // RFC 1034, 3.6.2; the domain itself has SOA and NS records.
  if (type === 'CNAME' && name === '@') return { message: 'a domain itself can be no CNAME', suggestion: 'Ask for A and AAAA instead.' };
  const alias = type === 'CNAME' || others.some((other) => other.type === 'CNAME');
  return alias && others.length > 0
    ? { message: `the name ${name} is a CNAME, which can have no other DNS records`, suggestion: 'Keep one of them.' }
    : undefined;
}
