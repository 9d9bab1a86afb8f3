import { predecessors } from '../../../firstboot/contract/service.ts';
import { problemAt, type Rule } from './rule.ts';

/** Services that wait for each other never start: systemd breaks such a cycle by dropping one of them. */
export const serviceOrder: Rule = {
  name: 'service-order',
  severity: 'error',
  check(image) {
    const { services } = image.definition;
    const before = (name: string) => predecessors(name, services).filter((other) => services[other] !== undefined);
    const cycles = new Map<string, string[]>();
    for (const name of Object.keys(services).sort()) {
      const cycle = cycleThrough(name, before);
      const members = [...new Set(cycle)].sort().join(' ');
      if (cycle !== undefined && !cycles.has(members)) cycles.set(members, cycle);
    }
    return [...cycles.values()].map((cycle) => {
      const first = cycle[0] ?? '';
      const why = `these services wait for each other: ${cycle.join(' waits for ')}`;
      const pointer = services[first]?.after === undefined ? `/services/${first}` : `/services/${first}/after`;
      return problemAt(image, pointer, why, 'Take one of them out of after, or put it into another layer.');
    });
  },
};

/** The shortest way from `start` back to itself, both ends named; undefined where there is none. */
function cycleThrough(start: string, before: (name: string) => string[]): string[] | undefined {
  const ways: string[][] = [[start]];
  const seen = new Set<string>();
  for (let way = ways.shift(); way !== undefined; way = ways.shift()) {
    for (const next of before(way.at(-1) ?? start)) {
      if (next === start) return [...way, start];
      if (!seen.has(next)) {
        seen.add(next);
        ways.push([...way, next]);
      }
    }
  }
  return undefined;
}
