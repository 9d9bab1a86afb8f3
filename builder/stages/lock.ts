/** What `unitsmith lock` writes: packages as the suite has them today, and the files of every artifact. */

import type { LoadedImage } from '../definition/definition.ts';
import type { Lock } from '../definition/lock.ts';
import type { Cleanup } from '../kit/cleanup.ts';
import type { Context } from '../kit/context.ts';
import { ownedFolder } from '../kit/owner.ts';
import { basePackages } from '../payload/base.ts';
import { Runner } from '../pipeline/runner.ts';
import { readStageCodes } from '../pipeline/stage-code.ts';
import type { ArchiveOptions } from '../sources/debian/archive.ts';
import { fetchArtifact } from '../sources/index.ts';
import { removeMappedTree } from '../tools/namespace.ts';
import { artifactRequest, artifactsOf } from './artifacts.ts';
import { resolveStage } from './resolve.ts';

/** Resolves and fetches anew, whatever an earlier lock says; writes nothing. @throws UserError(source | definition) */
export async function lockImage(image: LoadedImage, archive: ArchiveOptions, ctx: Context, cleanup: Cleanup): Promise<Lock> {
  const { definition } = image;
  const runner = new Runner(ctx, definition.name, await readStageCodes(), (folder) => removeMappedTree(ctx, folder));
  const input = { image, lock: undefined, overrides: {}, archive, purpose: 'lock' } as const;
  const { output: resolved } = await runner.run(resolveStage, { ...input, basePackages: basePackages(definition) });
  const artifacts: Lock['artifacts'] = {};
  for (const [name, artifact] of artifactsOf(input)) {
    const folder = await ownedFolder(ctx.cacheDir, 'lock', cleanup);
    const { locked } = await fetchArtifact(artifactRequest(input, name, artifact, resolved.python), folder, ctx, cleanup);
    artifacts[name] = locked;
  }
  return {
    schemaVersion: 1,
    base: { ...definition.base },
    packages: resolved.packages.map(({ name, version, sha256 }) => ({ name, version, sha256 })),
    artifacts,
  };
}
