/** The packages that every unit has (templates/system/base.yaml). */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

import type { ImageDefinition } from '../definition/definition.ts';
import { templatePath } from '../kit/paths.ts';

interface Base {
  packages: { common: string[]; generic: string[]; cloud: string[] };
  /** Of these packages, those that do the same and exclude them. */
  instead: Readonly<Record<string, readonly string[]>>;
  /** Of distributions other than Debian: what a package is called there. */
  names: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Names of the packages that the engine itself brings, for the kernel flavour and beside the packages of `definition`; sorted. */
export function basePackages({ kernel = 'generic', packages: own = [] }: Partial<Pick<ImageDefinition, 'kernel' | 'packages'>>): string[] {
  const { packages, instead } = readBase();
  const others = (name: string): readonly string[] => instead[name] ?? [];
  return [...packages.common, ...packages[kernel]].filter((name) => !others(name).some((each) => own.includes(each))).sort();
}

/** Debian's names of packages as `distribution` calls them, each once, sorted. */
export function packageNames(names: readonly string[], distribution: string): string[] {
  const own = readBase().names[distribution] ?? {};
  return [...new Set(names.map((name) => own[name] ?? name))].sort();
}

function readBase(): Base {
  return parse(readFileSync(templatePath('system', 'base.yaml'), 'utf8')) as Base;
}
