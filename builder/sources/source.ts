/** What every artifact kind provides; one folder a kind, listed in index.ts. */
import type { Cleanup } from '../kit/cleanup.ts';
import type { Context } from '../kit/context.ts';
import type { ArchiveOptions, Base } from './debian/archive.ts';

/** One file of an artifact, exactly. */
export interface LockedFile {
  name: string;
  sha256: string;
  version?: string;
}

/** An exact version of an artifact, as lock.json keeps it. */
export interface LockedArtifact {
  kind: string;
  /** In the order of names. A folder of the image counts as one entry, hashed as a tree. */
  files: LockedFile[];
}

export interface FetchRequest<Definition> {
  name: string;
  definition: Definition;
  imageFolder: string;
  /** What lock.json says; undefined while `lock` resolves, and where there is no lock. */
  locked: LockedArtifact | undefined;
  /** `lock` resolves anew what a definition leaves open; a bake takes only what is pinned. */
  purpose: 'lock' | 'bake';
  /** File or folder that stands in for the artifact (`--artifact NAME=PATH`), absolute. */
  override: string | undefined;
  guest: Guest;
}

/** The system that the artifact is for, and the package archive that tools for it come from. */
export interface Guest {
  base: Base;
  archive: ArchiveOptions;
  /** Version of the distribution's python3, `3.13`; undefined where the image has no Python. */
  python: string | undefined;
}

/** An entry of the software bill of materials. */
export interface Component {
  type: 'python' | 'file' | 'debian' | 'maven' | 'npm';
  name: string;
  version?: string;
  sha256: string;
  licences?: string[];
  url?: string;
  /** Name of the container artifact that it is in; on the unit itself where absent. */
  container?: string;
  /** Of packages in containers: what is on the unit itself is read from its own package list. */
  architecture?: string;
  source?: { name: string; version: string };
  /** What tells files of one version apart, in package URLs (purl-spec). */
  qualifiers?: Record<string, string>;
}

export interface FetchedArtifact {
  locked: LockedArtifact;
  components: Component[];
  /** What stood in for the artifact; recorded in the provenance. */
  override?: { path: string; sha256: string };
}

export interface PlaceRequest<Definition> extends FetchRequest<Definition> {
  /** The image's own root file system as a tar, for kinds that need the guest's interpreter. */
  rootfs: string;
}

/** Who owns what stands at `path` (absolute, as on the unit) and below: `user` or `user:group`. */
export interface PlacedOwner {
  path: string;
  owner: string;
}

export interface Source<Definition> {
  kind: string;
  /** Its own packages move with security updates, as the unit's do: the lock says what they were, and does not hold them. */
  packagesMove?: boolean;
  /** `place` works with the image's own root file system: another one gives another result. */
  usesRootfs?: true;
  /**
   * What decides the result besides the definition, the lock and the guest: hashes of files of the image, mostly. Runs
   * before every bake, so it must be quick.
   */
  inputs(request: FetchRequest<Definition>, ctx: Context): Promise<string[]>;
  /**
   * Fetches into `folder` and verifies every file: against the definition's own hash or `locked`.
   * @throws UserError(source) naming file, wanted and found hash, or the unreachable source; UserError(definition)
   *   where something has to be locked first.
   */
  fetch(request: FetchRequest<Definition>, folder: string, ctx: Context, cleanup: Cleanup): Promise<FetchedArtifact>;
  /**
   * Writes what goes into the image below `root` (a folder that stands for `/` of the unit), from what `fetch` put into
   * `folder`. Gives the owners for the payload's tar headers; what is not named is root's.
   */
  place(request: PlaceRequest<Definition>, folder: string, root: string, ctx: Context, cleanup: Cleanup): Promise<PlacedOwner[]>;
}
