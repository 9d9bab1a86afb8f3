/** Artifacts of other kinds that go into a container. */
import type { Cleanup } from '../../kit/cleanup.ts';
import type { Context } from '../../kit/context.ts';
import type { FetchedArtifact, FetchRequest, PlacedOwner, PlaceRequest } from '../source.ts';
import type { ContainedArtifact, ContainerArtifact } from './schema.ts';

/** What the kinds that go into a container provide: handed in, because this kind is one of all. */
export interface Contained {
  inputs(request: FetchRequest<ContainedArtifact>, ctx: Context): Promise<string[]>;
  fetch(request: FetchRequest<ContainedArtifact>, folder: string, ctx: Context, cleanup: Cleanup): Promise<FetchedArtifact>;
  place(request: PlaceRequest<ContainedArtifact>, folder: string, root: string, ctx: Context, cleanup: Cleanup): Promise<PlacedOwner[]>;
}

/** The artifacts that go into the container, as requests of their own. */
export function containedRequests(request: FetchRequest<ContainerArtifact>): FetchRequest<ContainedArtifact>[] {
  return Object.entries(request.definition.build?.artifacts ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, definition]) => {
      const files = request.locked?.files.filter((file) => file.name.startsWith(`${name}/`));
      const locked =
        files === undefined || files.length === 0
          ? undefined
          : { kind: definition.kind, files: files.map((file) => ({ ...file, name: file.name.slice(name.length + 1) })) };
      return { ...request, name, definition, locked, override: undefined };
    });
}
