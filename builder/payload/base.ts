/** The packages that every unit has (templates/system/base.yaml). */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

import type { ImageDefinition } from '../definition/definition.ts';
import { templatePath } from '../kit/paths.ts';

interface Base {
  packages: { common: string[]; generic: string[]; cloud: string[] };
}

/** Names of the packages that the engine itself brings, for the kernel flavour of `definition`; sorted. */
export function basePackages(definition: Pick<ImageDefinition, 'kernel'>): string[] {
  const { packages } = parse(readFileSync(templatePath('system', 'base.yaml'), 'utf8')) as Base;
  return [...packages.common, ...packages[definition.kernel ?? 'generic']].sort();
}
