/**
 * The source packages that an image is made of, with exact versions: whoever passes the image on owes its receivers the
 * sources of the copyleft parts, and these names are what a source archive is asked for.
 */
import type { Component } from '../sources/source.ts';
import type { Inventory } from './inventory.ts';

export interface SourcePackage {
  name: string;
  version: string;
  /** The control file of the source package, as the archive and its snapshots name it. */
  dsc: string;
  /** Binary packages on the unit that were built from it, or have parts of it linked in (Built-Using). */
  packages: string[];
}

/** Every source package once for each version, sorted. @param artifacts components of artifacts: those in containers bring packages of their own */
export function listSources(inventory: Pick<Inventory, 'packages'>, artifacts: readonly Component[] = []): SourcePackage[] {
  const sources = new Map<string, SourcePackage>();
  const contained = artifacts.flatMap(({ name, source }) =>
    source === undefined ? [] : [{ name, source: source.name, sourceVersion: source.version, builtUsing: [] }],
  );
  for (const binary of [...inventory.packages, ...contained]) {
    for (const { name, version } of [{ name: binary.source, version: binary.sourceVersion }, ...binary.builtUsing]) {
      const key = `${name} ${version}`;
      const source = sources.get(key) ?? { name, version, dsc: dscName(name, version), packages: [] };
      if (!source.packages.includes(binary.name)) source.packages.push(binary.name);
      sources.set(key, source);
    }
  }
  return [...sources.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, source]) => ({ ...source, packages: source.packages.sort() }));
}

/** File names have no epoch (Debian policy 5.6.12). */
function dscName(name: string, version: string): string {
  return `${name}_${version.replace(/^\d+:/, '')}.dsc`;
}

export function sourcesJson(image: { name: string; version: string }, sources: readonly SourcePackage[]): string {
  return `${JSON.stringify({ schemaVersion: 1, image, sources }, undefined, 2)}\n`;
}

/** For people: one line a source package. */
export function sourcesText(image: { name: string; version: string }, sources: readonly SourcePackage[]): string {
  const lines = sources.map(({ name, version, dsc, packages }) => `${name} ${version}  ${dsc}  (${packages.join(', ')})`);
  return [
    `Source packages of ${image.name} ${image.version}: name, version, file of the source archive, packages on the unit.`,
    '',
    ...lines,
    '',
  ].join('\n');
}
