import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';

import { type Inventory, listSources, makeSbom, type SbomRequest, sourcesText } from '../../../builder/sbom/index.ts';

const ROOT = join(dirname(createRequire(import.meta.url).resolve('@cyclonedx/cyclonedx-library/package.json')), 'res', 'schema');
const readSchema = (name: string): object => JSON.parse(readFileSync(join(ROOT, `${name}.SNAPSHOT.schema.json`), 'utf8'));

/** CycloneDX's own schema of version 1.6. */
function violations(text: string): unknown[] {
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
  ajv.addSchema(readSchema('spdx'), 'http://cyclonedx.org/schema/spdx.SNAPSHOT.schema.json');
  ajv.addSchema(readSchema('jsf-0.82'), 'http://cyclonedx.org/schema/jsf-0.82.SNAPSHOT.schema.json');
  const validate = ajv.compile(readSchema('bom-1.6'));
  return validate(JSON.parse(text)) ? [] : (validate.errors ?? []);
}

const INVENTORY: Inventory = {
  packages: [
    {
      ...{ name: 'libstdc++6', version: '1:14.2.0-19', architecture: 'amd64', source: 'gcc-14', sourceVersion: '14.2.0-19' },
      builtUsing: [{ name: 'acl', version: '2.3.2-2' }],
      maintainer: 'Debian GCC Maintainers <debian-gcc@lists.debian.org>',
      homepage: 'http://gcc.gnu.org/',
      licences: ['GPL-3+', 'GPL-3+ with GCC exception', 'Expat'],
    },
    {
      ...{ name: 'gcc-14-base', version: '14.2.0-19', architecture: 'amd64', source: 'gcc-14', sourceVersion: '14.2.0-19' },
      ...{ builtUsing: [], maintainer: 'Debian GCC Maintainers <debian-gcc@lists.debian.org>', licences: [] },
    },
  ],
  python: [
    { name: 'Flask_SQLAlchemy', version: '3.1.1', licences: ['BSD License'], path: '/opt/a/lib' },
    { name: 'flask-sqlalchemy', version: '3.1.1', licences: ['BSD License'], path: '/opt/b/lib' },
  ],
  npm: [
    { name: '@xmldom/xmldom', version: '0.9.12', licence: 'MIT' },
    { name: 'fast-uri', version: '3.1.9', licence: 'BSD-3-Clause' },
  ],
  size: { installed: 1, packages: [], folders: [] },
};

const REQUEST: SbomRequest = {
  image: { name: 'sphere', version: '1.0.0', title: 'Sphere BPMS', vendor: { name: 'Vendor', url: 'https://vendor.example/' } },
  base: { distribution: 'debian', suite: 'trixie', architecture: 'amd64' },
  inventory: INVENTORY,
  packageHashes: new Map([['libstdc++6', 'a'.repeat(64)]]),
  artifacts: {
    wheels: [{ type: 'python', name: 'flask_sqlalchemy', version: '3.1.1', sha256: 'b'.repeat(64) }],
    server: [
      { type: 'maven', name: 'org.example/app', version: '1.0', sha256: 'd'.repeat(64), qualifiers: { classifier: 'bin', type: 'tar.gz' } },
    ],
    payload: [
      { type: 'file', name: 'app.tar', sha256: 'c'.repeat(64), url: 'https://user:word@files.example/app.tar?token=word' },
      { type: 'file', name: 'own.tar', sha256: 'e'.repeat(64), url: 'file:///home/word/own.tar' },
    ],
  },
  builderVersion: '0.1.0',
  created: new Date('2026-01-02T03:04:05Z'),
};

interface Read {
  serialNumber: string;
  metadata: { timestamp: string; component: { 'bom-ref': string } };
  components: { name: string; purl?: string; hashes?: { alg: string; content: string }[]; licenses?: unknown[] }[];
  dependencies: { ref: string; dependsOn?: string[] }[];
}
const read = (text: string): Read => JSON.parse(text) as Read;

describe('software bill of materials', () => {
  it("keeps to CycloneDX's own schema", () => {
    expect(violations(makeSbom(REQUEST))).toEqual([]);
    // The check can fail.
    expect(violations(makeSbom(REQUEST).replace('"type": "library"', '"type": "thing"'))).not.toEqual([]);
  });

  it('names packages by purl, with version, hash and licences', () => {
    const { components } = read(makeSbom(REQUEST));
    expect(components.find(({ name }) => name === 'libstdc++6')).toMatchObject({
      purl: 'pkg:deb/debian/libstdc%2B%2B6@1:14.2.0-19?arch=amd64&distro=trixie',
      hashes: [{ alg: 'SHA-256', content: 'a'.repeat(64) }],
      licenses: expect.arrayContaining([
        { license: { id: 'GPL-3.0-or-later' } },
        { license: { id: 'MIT' } },
        { license: { name: 'GPL-3+ with GCC exception' } },
      ]),
    });
  });

  it('names files of Maven repositories as package URLs do', () => {
    expect(read(makeSbom(REQUEST)).components).toContainEqual(
      expect.objectContaining({ purl: 'pkg:maven/org.example/app@1.0?classifier=bin&type=tar.gz' }),
    );
  });

  it('has a Python package once, with the hash of the wheel that brought it', () => {
    const python = read(makeSbom(REQUEST)).components.filter(({ purl }) => purl?.startsWith('pkg:pypi/'));
    expect(python).toMatchObject([{ purl: 'pkg:pypi/flask-sqlalchemy@3.1.1', hashes: [{ content: 'b'.repeat(64) }] }]);
  });

  it('names the npm packages that are bundled into first boot', () => {
    const npm = read(makeSbom(REQUEST)).components.filter(({ purl }) => purl?.startsWith('pkg:npm/'));
    expect(npm).toMatchObject([
      { purl: 'pkg:npm/%40xmldom/xmldom@0.9.12', licenses: [{ license: { id: 'MIT' } }] },
      { purl: 'pkg:npm/fast-uri@3.1.9', licenses: [{ license: { id: 'BSD-3-Clause' } }] },
    ]);
  });

  it('makes the image depend on every component, and names no credentials, tokens and paths of the host', () => {
    const text = makeSbom(REQUEST);
    const { metadata, components, dependencies } = read(text);
    const main = dependencies.find(({ ref }) => ref === metadata.component['bom-ref']);
    expect(main?.dependsOn).toHaveLength(components.length);
    expect(text).not.toContain('word');
    expect(text).toContain('"https://files.example/app.tar"');
    expect(violations(text)).toEqual([]);
  });

  it('is the same for the same input, and has another serial number for another', () => {
    expect(makeSbom(REQUEST)).toBe(makeSbom({ ...REQUEST, inventory: { ...INVENTORY, packages: [...INVENTORY.packages].reverse() } }));
    const other = makeSbom({ ...REQUEST, image: { ...REQUEST.image, version: '1.0.1' } });
    expect(read(other).serialNumber).not.toBe(read(makeSbom(REQUEST)).serialNumber);
    expect(read(other).serialNumber).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});

describe('list of sources', () => {
  it('has each source once, with what was built from it and what was linked in', () => {
    expect(listSources(INVENTORY)).toEqual([
      { name: 'acl', version: '2.3.2-2', dsc: 'acl_2.3.2-2.dsc', packages: ['libstdc++6'] },
      { name: 'gcc-14', version: '14.2.0-19', dsc: 'gcc-14_14.2.0-19.dsc', packages: ['gcc-14-base', 'libstdc++6'] },
    ]);
  });

  it('leaves the epoch out of file names', () => {
    const [item] = INVENTORY.packages;
    const packages = [{ ...item!, source: 'attr', sourceVersion: '1:2.5.2-3', builtUsing: [] }];
    expect(listSources({ packages })[0]?.dsc).toBe('attr_2.5.2-3.dsc');
    expect(sourcesText({ name: 'a', version: '1' }, listSources({ packages }))).toContain('attr 1:2.5.2-3  attr_2.5.2-3.dsc  (libstdc++6)');
  });
});
