/** The disk that the classic side starts from: base-image/, made by our own stages before the clock starts. */
import { join } from 'node:path';

import { bytesOf, type LoadedImage } from '../../../builder/definition/definition.ts';
import { loadImage } from '../../../builder/definition/load.ts';
import type { Context } from '../../../builder/kit/context.ts';
import { packageRoot } from '../../../builder/kit/paths.ts';
import { Runner } from '../../../builder/pipeline/runner.ts';
import { readStageCodes } from '../../../builder/pipeline/stage-code.ts';
import { archiveLines } from '../../../builder/sources/debian/lines.ts';
import { type DiskOutput, diskStage } from '../../../builder/stages/disk.ts';
import { fetchStage } from '../../../builder/stages/fetch.ts';
import { resolveStage } from '../../../builder/stages/resolve.ts';
import { rootfsStage } from '../../../builder/stages/rootfs.ts';
import { removeMappedTree } from '../../../builder/tools/namespace.ts';

/**
 * A raw disk with Debian, as large as that of `target`, in the cache of `ctx`; its kernel is booted directly, as in our
 * own bake. It installs packages whole, as Debian's cloud images do. Packages come from that cache.
 */
export async function baseDisk(target: LoadedImage, ctx: Context): Promise<DiskOutput> {
  const image = await loadImage(join(packageRoot(), 'test', 'bench', 'base-image'), ctx);
  const { base, title, name } = image.definition;
  const runner = new Runner(ctx, name, await readStageCodes(), (folder) => removeMappedTree(ctx, folder));
  const common = { image, lock: undefined, overrides: {}, archive: { offline: true }, purpose: 'bake' } as const;
  const resolved = await runner.run(resolveStage, { ...common, basePackages: [] });
  const fetched = await runner.run(fetchStage, { ...common, resolved: resolved.output });
  const rootfs = await runner.run(rootfsStage, {
    image,
    repository: fetched.output.repository,
    packages: resolved.output.packages,
    requested: resolved.output.requested,
    sources: `${archiveLines(base).join('\n')}\n`,
    systemFiles: [],
  });
  const diskBytes = bytesOf(target.definition.hardware.disk);
  const disk = await runner.run(diskStage, { rootfs: rootfs.output, rootfsId: rootfs.id, diskBytes, title: title.en });
  return disk.output;
}
