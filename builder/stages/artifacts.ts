/** The artifacts of an image as requests to their sources. */
import type { LoadedImage } from '../definition/definition.ts';
import type { Lock } from '../definition/lock.ts';
import type { Artifact } from '../sources/artifact.ts';
import type { ArchiveOptions } from '../sources/debian/archive.ts';
import type { Override } from '../sources/override.ts';
import type { FetchRequest } from '../sources/source.ts';

/** What resolve and fetch both know about the image's artifacts. */
export interface ArtifactInput {
  image: LoadedImage;
  lock: Lock | undefined;
  overrides: Readonly<Record<string, Override>>;
  archive: ArchiveOptions;
  purpose: 'lock' | 'bake';
}

/** Name and definition of every artifact, or of those of one kind, in the order of names. */
export function artifactsOf(input: ArtifactInput, kind?: Artifact['kind']): [string, Artifact][] {
  return Object.entries(input.image.definition.artifacts ?? {})
    .filter(([, definition]) => kind === undefined || definition.kind === kind)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** @param python version of the guest's python3, once it is resolved */
export function artifactRequest(input: ArtifactInput, name: string, definition: Artifact, python?: string): FetchRequest<Artifact> {
  return {
    name,
    definition,
    imageFolder: input.image.folder,
    locked: input.lock?.artifacts[name],
    purpose: input.purpose,
    override: input.overrides[name]?.path,
    guest: { base: input.image.definition.base, archive: input.archive, python },
  };
}
