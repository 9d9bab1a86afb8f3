/** Licences as Debian's copyright files (DEP-5, the machine-readable format 1.0) and Python's metadata name them. */
import { SPDX } from '@cyclonedx/cyclonedx-library';

import { fieldsOf } from '../audit/dpkg-status.ts';

/** Names of the copyright format that SPDX calls otherwise; the rest differs in case only, or is no SPDX licence. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  expat: 'MIT',
  'bsd-2-clauses': 'BSD-2-Clause',
  'apache-2': 'Apache-2.0',
  'mpl-2': 'MPL-2.0',
  psf: 'PSF-2.0',
  'psf-2': 'PSF-2.0',
  zlib: 'Zlib',
  isc: 'ISC',
  cc0: 'CC0-1.0',
  curl: 'curl',
};
const DEP5 = /^Format:\s*\S*\/copyright-format\/1\.0/m;
const GNU = /^(GPL|LGPL|AGPL|GFDL)-?v?(\d+)(?:\.(\d+))?(\+)?$/i;

/** Short names of the licences of the files of one package, sorted; empty where the file is not machine-readable. */
export function licencesOfCopyright(text: string): string[] {
  if (!DEP5.test(text.slice(0, 4096))) return [];
  const found = new Set<string>();
  for (const stanza of text.split(/\n\s*\n/)) {
    const fields = fieldsOf(stanza);
    const name = (fields.get('license') ?? '').split('\n')[0]?.trim() ?? '';
    // Stanzas without Files only give the text of a licence that others name.
    if (fields.has('files') && name !== '') found.add(name);
  }
  return [...found].sort();
}

/** The SPDX identifier of a single licence; undefined where SPDX has none, or the name is an expression. */
export function spdxId(name: string): string | undefined {
  const gnu = GNU.exec(name);
  if (gnu !== null) {
    const [, family = '', major = '', minor = '0', later] = gnu;
    return supported(`${family.toUpperCase()}-${major}.${minor}-${later === undefined ? 'only' : 'or-later'}`);
  }
  return supported(OTHER_NAMES[name.toLowerCase()] ?? name);
}

function supported(id: string): string | undefined {
  return SPDX.fixupSpdxId(id);
}

/** Core metadata of Python packages: License-Expression (PEP 639), else the classifiers, else License if it is short. */
export function licencesOfMetadata(text: string): string[] {
  const header = text.split(/\n\s*\n/)[0] ?? '';
  const fields = fieldsOf(header);
  const expression = fields.get('license-expression');
  if (expression !== undefined) return [expression];
  const classifiers = [...header.matchAll(/^Classifier: License ::(?: OSI Approved ::)? (.+)$/gm)].map(([, name = '']) => name.trim());
  if (classifiers.length > 0) return [...new Set(classifiers)].sort();
  const short = fields.get('license')?.trim() ?? '';
  return short !== '' && short.length < 60 && !short.includes('\n') ? [short] : [];
}
