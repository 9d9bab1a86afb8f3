import { describe, expect, it } from 'vitest';

import { licencesOfCopyright, licencesOfMetadata, spdxId } from '../../../builder/sbom/licences.ts';

describe('licences', () => {
  it.each([
    ['GPL-2', 'GPL-2.0-only'],
    ['GPL-2+', 'GPL-2.0-or-later'],
    ['LGPL-2.1+', 'LGPL-2.1-or-later'],
    ['AGPL-3', 'AGPL-3.0-only'],
    ['Expat', 'MIT'],
    ['BSD-3-clause', 'BSD-3-Clause'],
    ['Apache-2.0', 'Apache-2.0'],
    ['public-domain', undefined],
    ['GPL-2+ or AFL-2.1', undefined],
  ])('%s is %s in SPDX', (name, id) => {
    expect(spdxId(name)).toBe(id);
  });

  it('reads the machine-readable format, stanzas of files only', () => {
    const text = `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: x
License: header-only

Files: *
Copyright: someone
License: GPL-2+
 text of it

Files: debian/*
Copyright: someone else
License: Expat

License: GPL-2+
 Full text.
`;
    expect(licencesOfCopyright(text)).toEqual(['Expat', 'GPL-2+']);
    expect(licencesOfCopyright('It was downloaded from somewhere.\n\nLicense: GPL\n')).toEqual([]);
  });

  it('reads core metadata of Python packages, the newest field first', () => {
    expect(licencesOfMetadata('Name: a\nLicense-Expression: MIT OR Apache-2.0\nLicense: old\n\nLicense: in the text\n')).toEqual([
      'MIT OR Apache-2.0',
    ]);
    expect(licencesOfMetadata('Name: a\nLicense: x\nClassifier: License :: OSI Approved :: BSD License\n')).toEqual(['BSD License']);
    expect(licencesOfMetadata('Name: a\nLicense: BSD-3-Clause\n\nbody')).toEqual(['BSD-3-Clause']);
  });
});
