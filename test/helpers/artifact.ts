/** One artifact, fetched as a bake or a lock would. */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';

import { Cleanup } from '../../builder/kit/cleanup.ts';
import type { Context } from '../../builder/kit/context.ts';
import type { Artifact } from '../../builder/sources/artifact.ts';
import { fetchArtifact } from '../../builder/sources/index.ts';
import type { FetchedArtifact, FetchRequest, Guest } from '../../builder/sources/source.ts';

/** A guest without an interpreter of its own. */
export const DEBIAN: Guest = {
  base: { distribution: 'debian', suite: 'trixie', architecture: 'amd64' },
  archive: {},
  python: undefined,
};

/** What a bake of a Debian image asks for, where `more` says nothing else. */
export function artifactRequest(
  definition: Record<string, unknown>,
  imageFolder: string,
  more: Partial<FetchRequest<Artifact>> = {},
): FetchRequest<Artifact> {
  return {
    name: 'app',
    definition: definition as Artifact,
    imageFolder,
    locked: undefined,
    purpose: 'bake',
    override: undefined,
    guest: DEBIAN,
    ...more,
  };
}

/** Fetches into a new folder of the cache; what was begun on the way must be taken back without a failure. */
export async function fetchRequested(ctx: Context, wanted: FetchRequest<Artifact>): Promise<FetchedArtifact & { folder: string }> {
  const folder = mkdtempSync(join(ctx.cacheDir, 'artifact-'));
  const cleanup = new Cleanup();
  try {
    return { folder, ...(await fetchArtifact(wanted, folder, ctx, cleanup)) };
  } finally {
    expect(await cleanup.run()).toEqual([]);
  }
}
