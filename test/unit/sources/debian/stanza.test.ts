import { describe, expect, it } from 'vitest';

import { fieldsOf, splitStanzas, toPackage, withFilename } from '../../../../builder/sources/debian/stanza.ts';

const ZLIB = `Package: zlib1g
Source: zlib
Version: 1:1.3.1-1+b1
Architecture: amd64
Section: libs
Description: compression library
 Depends: not a field
Filename: pool/main/z/zlib/zlib1g_1.3.1-1+b1_amd64.deb
Size: 88720
SHA256: ${'a'.repeat(64)}`;

describe('toPackage', () => {
  it('reads an entry of the archive', () => {
    expect(toPackage(ZLIB, 'http://x/z.deb')).toEqual({
      name: 'zlib1g',
      version: '1:1.3.1-1+b1',
      architecture: 'amd64',
      sha256: 'a'.repeat(64),
      size: 88720,
      filename: 'zlib1g_1.3.1-1+b1_amd64.deb',
      url: 'http://x/z.deb',
      source: 'zlib',
      sourceVersion: '1:1.3.1-1+b1',
      section: 'libs',
    });
  });

  it.each([
    ['Source: zlib (1:1.3.1-1)', 'zlib', '1:1.3.1-1'],
    ['Source: zlib', 'zlib', '1:1.3.1-1+b1'],
    ['Homepage: none', 'zlib1g', '1:1.3.1-1+b1'],
  ])('%s', (line, source, sourceVersion) => {
    expect(toPackage(ZLIB.replace('Source: zlib', line), '')).toMatchObject({ source, sourceVersion });
  });

  it('names the package and the field where an entry is not whole', () => {
    expect(() => toPackage(ZLIB.replace(/SHA256.*/, ''), '')).toThrow('has no SHA256: zlib1g');
  });
});

it('takes no field from a continuation line', () => {
  expect(fieldsOf(ZLIB).has('Depends')).toBe(false);
});

it('splits paragraphs whatever empty lines are between them', () => {
  expect(splitStanzas(`\n${ZLIB}\n\n\n\n${ZLIB}\n`)).toEqual([ZLIB, ZLIB]);
});

it('moves the file and nothing else', () => {
  const moved = withFilename(ZLIB, 'pool/z.deb');
  expect(moved.match(/^Filename:.*$/gm)).toEqual(['Filename: pool/z.deb']);
  expect(toPackage(moved, '')).toEqual(toPackage(ZLIB, ''));
});
