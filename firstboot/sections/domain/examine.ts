/** Whether the domain's DNS is as the image wants it. */
import type { Unit } from '../../contract/unit.ts';
import { type Answer, ask, type LookupOptions, SYSTEM, serversOf } from './lookup.ts';
import { type WantedRecord, wantedRecords } from './records.ts';

/**
 * `right`; `cached`: the domain's own servers have it, others do not yet; `elsewhere`: it leads to another address than the
 * unit's own, as behind a router; `wrong`: it says something else; `missing`; `unknown`: nobody could be asked.
 */
export type Verdict = 'right' | 'cached' | 'elsewhere' | 'wrong' | 'missing' | 'unknown';

export interface Examined {
  record: WantedRecord;
  answers: Answer[];
  verdict: Verdict;
  /** The image insists on it, and it is known not to be there. */
  blocks: boolean;
}

/** @param addresses of this machine */
export async function examineDns(
  unit: Pick<Unit, 'dns'>,
  domain: string,
  addresses: readonly string[],
  options: LookupOptions = {},
): Promise<Examined[]> {
  const servers = await serversOf(domain, options);
  return Promise.all(
    wantedRecords(unit, domain, addresses).map(async (record) => {
      const answers = await Promise.all(servers.map((server) => ask(server, record)));
      const verdict = verdictOf(record, answers);
      return { record, answers, verdict, blocks: record.required && !['right', 'cached', 'elsewhere'].includes(verdict) };
    }),
  );
}

/** The domain's own servers know best; the system's may have an old answer, or may be the only one in reach. */
export function verdictOf(record: WantedRecord, answers: readonly Answer[]): Verdict {
  const heard = answers.filter(({ sure }) => sure);
  const own = heard.filter(({ server }) => server !== SYSTEM);
  const verdicts = (own.length > 0 ? own : heard).map((answer) => verdictOn(record, answer));
  const worst = (['missing', 'wrong', 'elsewhere', 'right'] as const).find((each) => verdicts.includes(each));
  if (worst !== 'right') return worst ?? 'unknown';
  return heard.every((answer) => verdictOn(record, answer) === 'right') ? 'right' : 'cached';
}

/** What one server's answer comes to. */
export function verdictOn({ values, own }: WantedRecord, { found }: Answer): 'right' | 'elsewhere' | 'wrong' | 'missing' {
  if (found.length === 0) return 'missing';
  if (own) {
    // Each address that the world is sent to must be this unit's.
    return found.every((value) => values.includes(value)) ? 'right' : 'elsewhere';
  }
  return values.every((value) => found.includes(value)) ? 'right' : 'wrong';
}
