/** Names of Python distribution files: wheels (PEP 427) and source distributions (PEP 625 and what came before). */
import { normaliseName } from './requirements.ts';

export interface DistributionFile {
  file: string;
  kind: 'wheel' | 'sdist';
  /** Normalised (PEP 503). */
  name: string;
  version: string;
}

/** What a file name says; undefined where it is neither. A name with hyphens is told from the version by its digits. */
export function parseFileName(file: string): DistributionFile | undefined {
  const wheel = /^([^-]+)-([^-]+)(?:-\d[^-]*)?-[^-]+-[^-]+-[^-]+\.whl$/.exec(file);
  if (wheel !== null) return { file, kind: 'wheel', name: normaliseName(wheel[1] ?? ''), version: wheel[2] ?? '' };
  const sdist = /^(.+)-(\d[^-]*)\.(?:tar\.gz|tar\.bz2|zip)$/.exec(file);
  if (sdist !== null) return { file, kind: 'sdist', name: normaliseName(sdist[1] ?? ''), version: sdist[2] ?? '' };
  return undefined;
}
