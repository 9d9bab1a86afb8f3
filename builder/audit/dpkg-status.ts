/** /var/lib/dpkg/status: deb822(5) stanzas as data. */

export interface StatusPackage {
  name: string;
  version: string;
  architecture: string;
  /** The third word of dpkg's status: `installed`, `config-files`, `half-installed`... */
  state: string;
  source: string;
  sourceVersion: string;
  /** `name (= version)` of sources whose parts are linked in (Debian policy 7.8). */
  builtUsing: { name: string; version: string }[];
  /** Bytes, as the package claims. */
  installedBytes: number;
  conffiles: readonly (readonly [path: string, md5: string])[];
  maintainer: string;
  homepage?: string;
}

/** All packages that dpkg knows, sorted by name and architecture. */
export function parseStatus(text: string): StatusPackage[] {
  return text
    .split(/\n{2,}/)
    .map(fieldsOf)
    .filter((fields) => fields.has('package'))
    .map(toPackage)
    .sort((a, b) => (`${a.name}:${a.architecture}` < `${b.name}:${b.architecture}` ? -1 : 1));
}

/** The fields of one stanza, names in lower case; continued lines keep their newlines. */
export function fieldsOf(stanza: string): Map<string, string> {
  const fields = new Map<string, string>();
  let name = '';
  for (const line of stanza.split('\n')) {
    if (/^[ \t]/.test(line)) {
      fields.set(name, `${fields.get(name) ?? ''}\n${line}`);
      continue;
    }
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    name = line.slice(0, colon).toLowerCase();
    fields.set(name, line.slice(colon + 1).trim());
  }
  return fields;
}

function toPackage(fields: Map<string, string>): StatusPackage {
  const field = (name: string): string => fields.get(name) ?? '';
  const source = /^(\S+)(?: \((.+)\))?$/.exec(field('source'));
  const homepage = fields.get('homepage');
  return {
    name: field('package'),
    version: field('version'),
    architecture: field('architecture'),
    state: field('status').split(' ')[2] ?? '',
    source: source?.[1] ?? field('package'),
    sourceVersion: source?.[2] ?? field('version'),
    builtUsing: parseRelations(`${field('built-using')},${field('static-built-using')}`),
    installedBytes: Number(field('installed-size') || 0) * 1024,
    conffiles: parseConffiles(field('conffiles')),
    maintainer: field('maintainer'),
    ...(homepage === undefined ? {} : { homepage }),
  };
}

function parseRelations(text: string): { name: string; version: string }[] {
  return [...text.matchAll(/([a-z0-9][a-z0-9+.-]+) \(= ([^)\s]+)\)/g)].map(([, name = '', version = '']) => ({ name, version }));
}

function parseConffiles(text: string): [string, string][] {
  const found: [string, string][] = [];
  for (const line of text.split('\n')) {
    const match = /^\s+(\/.+?) ([0-9a-f]{32})( obsolete| remove-on-upgrade)*$/.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined) found.push([match[1], match[2]]);
  }
  return found;
}
