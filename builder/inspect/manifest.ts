/** The manifest (DSP0243, 6.4), read leniently, so that a wrong spelling and a wrong digest are two findings. */
export interface ManifestLine {
  /** 1-based. */
  number: number;
  text: string;
  /** Undefined where the line is no digest at all. */
  entry: { algorithm: string; file: string; digest: string } | undefined;
}

export interface Manifest {
  path: string;
  name: string;
  /** As it stands in the file: what a certificate's signature is over. */
  text: string;
  lines: readonly ManifestLine[];
}

export function parseManifest(path: string, name: string, text: string): Manifest {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return { path, name, text, lines: lines.map((line, index) => ({ number: index + 1, text: line, entry: entryOf(line) })) };
}

function entryOf(line: string): ManifestLine['entry'] {
  const match = /^\s*([A-Za-z0-9-]+)\s*\((.*)\)\s*=\s*([0-9A-Fa-f]+)\s*$/.exec(line);
  return match === null ? undefined : { algorithm: match[1] ?? '', file: match[2] ?? '', digest: (match[3] ?? '').toLowerCase() };
}
