/** An image "baked" without a machine: its root file system in a folder, with the payload, its scripts run, and sealed. */
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { LoadedImage } from '../../../builder/definition/definition.ts';
import { loadImage } from '../../../builder/definition/load.ts';
import { type Cleanup, withCleanup } from '../../../builder/kit/cleanup.ts';
import { run } from '../../../builder/kit/command.ts';
import type { Context } from '../../../builder/kit/context.ts';
import { ExitCode, UserError } from '../../../builder/kit/errors.ts';
import { builderVersion, templatePath } from '../../../builder/kit/paths.ts';
import { takeBuildLock } from '../../../builder/pipeline/build-lock.ts';
import { listScripts } from '../../../builder/stages/bake/scripts.ts';
import { kernelCommandLine } from '../../../builder/stages/bake/template.ts';
import { assemblePayload, installPackages, openRunner, readIngredients } from '../../../builder/stages/prepare.ts';
import { extractRootfsArguments } from '../../../builder/tools/tar.ts';
import { deadlineIn, waitFor } from '../../../builder/vm/wait.ts';
import { openLab } from './lab.ts';
import type { NspawnUnit } from './unit.ts';

/** Seconds for another build on the same cache to end. */
const PATIENCE = 30 * 60;

export interface TreeOptions {
  /** `NAME=PATH`, as --artifact takes it. */
  artifacts?: readonly string[];
}

/** Bakes the image of folder `image` into `tree`, a folder that is not there yet. dist/ must be built (`buildBundle`). */
export async function bakeTree(ctx: Context, image: string, tree: string, options: TreeOptions = {}): Promise<LoadedImage> {
  const loaded = await loadImage(image, ctx);
  mkdirSync(tree);
  await withCleanup(async (cleanup) => {
    await waitForBuildLock(ctx, cleanup);
    const ingredients = await readIngredients(loaded, {
      builderVersion: builderVersion(),
      archive: {},
      artifacts: options.artifacts ?? [],
    });
    const runner = await openRunner(ctx, loaded);
    const installed = await installPackages(runner, ingredients);
    const payload = await assemblePayload(runner, ingredients, installed);
    await run(ctx, 'tar', extractRootfsArguments(installed.rootfs.output.tar, tree));
    cpSync(payload.output.tar, join(tree, 'var/tmp/unitsmith-payload.tar'));
  });
  await withCleanup(async (cleanup) => {
    const lab = await openLab(ctx, cleanup);
    const unit = await lab.bootInPlace(tree, { name: 'bake' }, kernelCommandLine('none').split(' '));
    await runSteps(unit, loaded);
  });
  return loaded;
}

/** What Packer runs in the machine, but for boot loaders: there is no disk. */
async function runSteps(unit: NspawnUnit, { folder, definition }: LoadedImage): Promise<void> {
  const scripts = (await listScripts(folder)).map(({ path }) => path);
  const environment = ['DEBIAN_FRONTEND=noninteractive', `UNIT_IMAGE=${definition.name}`, `UNIT_VERSION=${definition.version}`];
  for (const script of [templatePath('packer', 'unpack.sh'), ...scripts, templatePath('packer', 'seal.sh')]) {
    await unit.upload(script, '/var/tmp/unitsmith-step');
    await unit.output(`chmod 0755 /var/tmp/unitsmith-step; ${environment.join(' ')} /var/tmp/unitsmith-step`, { timeout: 900 });
  }
}

/** Others may use the cache meanwhile. */
async function waitForBuildLock(ctx: Context, cleanup: Cleanup): Promise<void> {
  let busy: UserError | undefined;
  const taken = await waitFor(
    async () => {
      try {
        await takeBuildLock(ctx.cacheDir, cleanup);
        return true;
      } catch (error) {
        if (!(error instanceof UserError) || error.exitCode !== ExitCode.busy) throw error;
        busy = error;
        return undefined;
      }
    },
    deadlineIn(PATIENCE),
    ctx.signal,
    2000,
  );
  if (taken === undefined) throw busy;
}
