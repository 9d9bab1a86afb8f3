import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface TestPackage {
  name: string;
  version?: string;
  /** Further control fields: `Depends: x`, `Essential: yes`. */
  fields?: readonly string[];
}

/** A .deb file of a package that installs nothing but its own name. */
export function makeDeb(folder: string, { name, version = '1.0', fields = [] }: TestPackage): string {
  const tree = join(folder, `tree-${name}-${encodeURIComponent(version)}`);
  mkdirSync(join(tree, 'DEBIAN'), { recursive: true });
  mkdirSync(join(tree, 'usr', 'share', 'doc', name), { recursive: true });
  writeFileSync(join(tree, 'usr', 'share', 'doc', name, 'copyright'), `${name} ${version}\n`);
  const control = [`Package: ${name}`, `Version: ${version}`, 'Architecture: all', 'Maintainer: Test <test@example.org>', ...fields];
  writeFileSync(join(tree, 'DEBIAN', 'control'), `${[...control, 'Description: a test'].join('\n')}\n`);
  const deb = join(folder, `${name}_${version.replace(/^\d+:/, '')}_all.deb`);
  execFileSync('dpkg-deb', ['--root-owner-group', '-Znone', '--build', tree, deb], { stdio: 'ignore' });
  return deb;
}

/** A flat repository of such packages; the sources.list line that names it, given an address. */
export function makeAptRepository(folder: string, packages: readonly TestPackage[]): void {
  mkdirSync(folder, { recursive: true });
  const stanzas = packages.map((entry) => {
    const deb = makeDeb(folder, entry);
    const content = readFileSync(deb);
    const control = execFileSync('dpkg-deb', ['--field', deb], { encoding: 'utf8' }).trimEnd();
    const sha256 = createHash('sha256').update(content).digest('hex');
    return `${control}\nFilename: ./${deb.slice(folder.length + 1)}\nSize: ${content.length}\nSHA256: ${sha256}\n`;
  });
  writeFileSync(join(folder, 'Packages'), stanzas.join('\n'));
}
