/** What only some artifact kinds need of the host: looked at where an image has them. */
import type { HostCheck } from '../check.ts';
import { pipCheck } from './pip.ts';
import { programCheck } from './program.ts';

const KINDS: Readonly<Record<string, HostCheck>> = {
  container: programCheck({ name: 'skopeo', package: 'skopeo', purpose: 'takes container images from registries' }),
  git: programCheck({
    name: 'git',
    package: 'git',
    purpose: 'fetches commits of repositories',
    version: { args: ['--version'], oldest: '2.29' },
  }),
  maven: programCheck({
    name: 'mvn',
    package: 'maven',
    purpose: 'fetches files of Maven repositories',
    version: { args: ['--version'], oldest: '3.6' },
  }),
  npm: programCheck({
    name: 'npm',
    package: 'npm',
    purpose: 'fetches packages of npm registries',
    version: { args: ['--version'], oldest: '8.0' },
  }),
  pypi: pipCheck,
};

/** The checks of these kinds, each once. */
export function kindChecks(kinds: Iterable<string>): HostCheck[] {
  return [...new Set(kinds)].flatMap((kind) => KINDS[kind] ?? []);
}
