/** Index entries of packages: paragraphs of `Field: value`, deb-control(5) and the archive's Packages files. */

export interface ResolvedPackage {
  name: string;
  version: string;
  architecture: string;
  sha256: string;
  /** Bytes of the .deb file. */
  size: number;
  /** `name_version_architecture.deb`, without an epoch: the file's name in the local repository. */
  filename: string;
  /** Where it comes from, without a log-in; `file:` for .deb files that are artifacts. */
  url: string;
  source: string;
  sourceVersion: string;
  section: string;
}

/** The fields of one paragraph, first lines only; continuation lines belong to fields that nobody here reads. */
export function fieldsOf(stanza: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of stanza.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0 && !/^[\s#]/.test(line)) fields.set(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  return fields;
}

/** Paragraphs of a file, without the empty lines between them. */
export function splitStanzas(text: string): string[] {
  return text
    .split(/\n{2,}/)
    .map((stanza) => stanza.replace(/^\n+|\n+$/g, ''))
    .filter((stanza) => stanza !== '');
}

/** The typed entry of a paragraph that has Package, Version, Architecture, Size and SHA256. */
export function toPackage(stanza: string, url: string): ResolvedPackage {
  const fields = fieldsOf(stanza);
  const field = (name: string): string => {
    const value = fields.get(name);
    if (value === undefined)
      throw new Error(`an index entry of the archive has no ${name}: ${fields.get('Package') ?? stanza.slice(0, 80)}`);
    return value;
  };
  const name = field('Package');
  const version = field('Version');
  const architecture = field('Architecture');
  const [source = name, sourceVersion = version] = sourceOf(fields.get('Source'));
  return {
    name,
    version,
    architecture,
    sha256: field('SHA256'),
    size: Number(field('Size')),
    filename: `${name}_${version.replace(/^\d+:/, '')}_${architecture}.deb`,
    url,
    source,
    sourceVersion,
    section: fields.get('Section') ?? 'unknown',
  };
}

/** `Source: name (version)`; the version is left out where it is the binary package's (Debian policy 5.6.1). */
function sourceOf(text: string | undefined): (string | undefined)[] {
  return /^(\S+)(?: \((\S+)\))?$/.exec(text ?? '')?.slice(1) ?? [];
}

/** The paragraph with its file at another place: for a repository of our own. */
export function withFilename(stanza: string, filename: string): string {
  return `${stanza.replace(/^Filename:.*\n?/m, '').trimEnd()}\nFilename: ${filename}`;
}
