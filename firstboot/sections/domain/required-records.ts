/** DNS records without which the image's product cannot be finalised: looked at before anything is made. */
import { setTimeout as sleep } from 'node:timers/promises';

import { DONE, due } from '../../apply/change.ts';
import type { DnsRecord, Unit } from '../../contract/unit.ts';
import { ExitCode, UnitError } from '../../kit/errors.ts';
import type { System } from '../../kit/system.ts';
import type { BeginChange } from '../changes.ts';
import { readLinks } from '../network/links.ts';
import { applicable } from './applicable.ts';
import { type Examined, examineDns } from './examine.ts';
import { zoneLines } from './records.ts';

/** How often servers that nobody can reach are asked again, and seconds in between: at boot the network may be late. */
const ATTEMPTS = 6;
const PAUSE = 5;

type P = { domain: string; records: readonly DnsRecord[] };

export const requiredRecords: BeginChange<P> = {
  observes: true,
  title: { en: 'DNS records', ja: 'DNS レコード', ru: 'Записи DNS' },
  words: ({ domain }) => ({
    en: `The DNS records of ${domain} that this product cannot do without are looked up.`,
    ja: `この製品に欠かせない ${domain} の DNS レコードを確認します。`,
    ru: `Проверяются записи DNS домена ${domain}, без которых продукт не работает.`,
  }),

  parameters(settings, unit) {
    const { name } = settings.domain;
    const { dns = [] } = applicable(unit, settings);
    const records = dns.filter(({ required }) => required === true);
    return name === undefined || records.length === 0 ? undefined : { domain: name, records };
  },

  async check(wanted, { system }) {
    const blocking = (await examine(system, wanted)).filter(({ blocks }) => blocks);
    return blocking.length === 0 ? DONE : due(`${blocking.map(({ record }) => `${record.name} ${record.type}`).join(', ')}: not there`);
  },

  async apply(wanted, { system, log }) {
    for (let attempt = 1; ; attempt++) {
      const blocking = (await examine(system, wanted)).filter(({ blocks }) => blocks);
      if (blocking.length === 0) return;
      if (attempt === ATTEMPTS || blocking.some(({ verdict }) => verdict !== 'unknown')) {
        const missing = blocking.flatMap(({ record }) => zoneLines(record));
        for (const line of missing) log(line);
        const lines = missing.join('; ');
        throw new UnitError(`the domain ${wanted.domain} lacks DNS records that this product cannot do without`, {
          exitCode: ExitCode.step,
          texts: {
            en: `The domain ${wanted.domain} lacks DNS records that this product cannot do without. Add these: ${lines}`,
            ja: `ドメイン ${wanted.domain} に、この製品に欠かせない DNS レコードがありません。次を追加してください: ${lines}`,
            ru: `У домена ${wanted.domain} нет записей DNS, без которых продукт не работает. Добавьте: ${lines}`,
          },
          remedies: [`Add these: ${lines}`],
        });
      }
      await sleep(PAUSE * 1000, undefined, { signal: system.signal });
    }
  },
};

async function examine(system: System, { domain, records }: P): Promise<Examined[]> {
  const addresses = (await readLinks(system)).flatMap((link) => link.addresses.map(({ address }) => address));
  return examineDns({ dns: [...records] } satisfies Pick<Unit, 'dns'>, domain, addresses);
}
