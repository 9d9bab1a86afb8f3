/** The packages that every unit has (templates/system/base.yaml). */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

import type { ImageDefinition } from '../definition/definition.ts';
import { templatePath } from '../kit/paths.ts';

interface Base {
  packages: { common: string[]; generic: string[]; cloud: string[] };
  /** Of distributions other than Debian: what a package is called there. */
  names: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Names of the packages that the engine itself brings, for the kernel flavour of `definition`; sorted. */
export function basePackages(definition: Pick<ImageDefinition, 'kernel'>): string[] {
  const { packages } = readBase();
  return [...packages.common, ...packages[definition.kernel ?? 'generic']].sort();
}

/** Debian's names of packages as `distribution` calls them, each once, sorted. */
export function packageNames(names: readonly string[], distribution: string): string[] {
  const own = readBase().names[distribution] ?? {};
  return [...new Set(names.map((name) => own[name] ?? name))].sort();
}

function readBase(): Base {
  return parse(readFileSync(templatePath('system', 'base.yaml'), 'utf8')) as Base;
}
