/** What only some artifact kinds need of the host: looked at where an image has them. */
import type { HostCheck } from '../check.ts';
import { pipCheck } from './pip.ts';
import { programCheck } from './program.ts';

const KINDS: Readonly<Record<string, HostCheck>> = {
  maven: programCheck({
    name: 'mvn',
    package: 'maven',
    purpose: 'fetches files of Maven repositories',
    version: { args: ['--version'], oldest: '3.6' },
  }),
  pypi: pipCheck,
};

/** The checks of these kinds, each once. */
export function kindChecks(kinds: Iterable<string>): HostCheck[] {
  return [...new Set(kinds)].flatMap((kind) => KINDS[kind] ?? []);
}
