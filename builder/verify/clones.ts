/** Units from one image share nothing that should be unique: every boot here is a clone of the others. */
import type { Finding } from './check.ts';

export interface Clone {
  name: string;
  /** Name of a mark to its value (checks/identity.ts). */
  marks: Readonly<Record<string, string>>;
}

/** One finding for each mark that two clones have in common. */
export function compareClones(clones: readonly Clone[]): Finding[] {
  const names = new Set(clones.flatMap((clone) => Object.keys(clone.marks)));
  return [...names].sort().flatMap((name) => sharing(name, clones));
}

function sharing(name: string, clones: readonly Clone[]): Finding[] {
  const owners = new Map<string, string[]>();
  for (const clone of clones) {
    const value = clone.marks[name];
    if (value !== undefined) owners.set(value, [...(owners.get(value) ?? []), clone.name]);
  }
  return [...owners.values()]
    .filter((sharers) => sharers.length > 1)
    .map((sharers) => ({
      rule: 'clones',
      severity: 'error' as const,
      message: `clones share ${name}: ${sharers.join(', ')}`,
      suggestion: 'It was in the image, or follows from something that was: make it at first boot.',
    }));
}
