/** What every artifact kind provides; one folder a kind, listed in index.ts. */
import type { Cleanup } from '../kit/cleanup.ts';
import type { Context } from '../kit/context.ts';

/** An exact version of an artifact, as lock.json keeps it. */
export interface LockedArtifact {
  kind: string;
  /** Every file with its exact name and SHA-256. A folder of the image counts as one entry, hashed as a tree. */
  files: { name: string; sha256: string; url?: string; version?: string }[];
}

export interface FetchRequest<Definition> {
  name: string;
  definition: Definition;
  imageFolder: string;
  /** Absent while `lock` resolves; then what is fetched is recorded instead of compared. */
  locked: LockedArtifact | undefined;
  /** No network: only what is in the download cache. */
  offline: boolean;
  /** The image's own root file system as a tar (for kinds that need the guest's interpreter); made by the rootfs stage. */
  guest: { distribution: string; suite: string; architecture: string };
}

export interface FetchedArtifact {
  locked: LockedArtifact;
  /** Components for the SBOM. */
  components: { type: 'python' | 'file' | 'debian'; name: string; version?: string; sha256: string; licences?: string[]; url?: string }[];
}

export interface Source<Definition> {
  kind: string;
  /**
   * Fetches into `folder` and verifies every file against `locked`.
   * @throws UserError(source) naming file, wanted and found hash, or the unreachable source.
   */
  fetch(request: FetchRequest<Definition>, folder: string, ctx: Context, cleanup: Cleanup): Promise<FetchedArtifact>;
  /**
   * Writes what goes into the image below `root` (a folder that stands for `/` of the unit), from what `fetch` put into `folder`.
   * Owners are named in the returned list, for the payload's tar headers.
   */
  place(
    request: FetchRequest<Definition>,
    folder: string,
    root: string,
    ctx: Context,
    cleanup: Cleanup,
  ): Promise<{ path: string; owner: string }[]>;
}
