import type { DnsRecord, Unit } from '../../contract/unit.ts';
import { type Settings, settingAt } from '../../settings/index.ts';

/** Of the records that an image wants, those that these settings ask for (`when`). */
export function applicable({ dns }: Pick<Unit, 'dns'>, settings: Partial<Settings>): Pick<Unit, 'dns'> {
  return dns === undefined ? {} : { dns: dns.filter((record) => isAskedFor(record, settings)) };
}

function isAskedFor({ when = {} }: DnsRecord, settings: Partial<Settings>): boolean {
  return Object.entries(when).every(([path, values]) => values.includes(settingAt(settings, path) as string));
}
