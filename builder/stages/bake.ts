/**
 * The bake: Packer's QEMU builder boots the prepared disk without a network, unpacks the payload, runs the image's
 * scripts, installs GRUB, seals the disk and cuts the power.
 */
import { copyFile, mkdir, realpath, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { LoadedImage } from '../definition/definition.ts';
import { type Cleanup, withCleanup } from '../kit/cleanup.ts';
import type { Context } from '../kit/context.ts';
import { ToolError } from '../kit/errors.ts';
import { hashTree, sha256File } from '../kit/hash.ts';
import { ownedFolder } from '../kit/owner.ts';
import { templatePath } from '../kit/paths.ts';
import type { Stage } from '../pipeline/stage.ts';
import { initialisePacker, packerBuild } from '../tools/packer/build.ts';
import { packerVersion } from '../tools/packer/version.ts';
import { diskInfo, flattenDisk } from '../tools/qemu-img.ts';
import { onceMoreAfterPanic } from '../vm/once-more.ts';
import { freePort } from '../vm/ports.ts';
import { openRelay } from '../vm/relay.ts';
import type { Acceleration } from '../vm/spec.ts';
import { bakeFailure } from './bake/failure.ts';
import { endMachine, keptFolder, tellHowToEnter, WORK_FOLDER } from './bake/kept-machine.ts';
import { guestPanic, hasPanicked } from './bake/panic.ts';
import { BakeProgress } from './bake/progress.ts';
import { diskFull, isFull } from './bake/space.ts';
import { sshListens } from './bake/ssh-listens.ts';
import { OWN_STEPS, WORK } from './bake/template.ts';
import { watch } from './bake/watch.ts';
import { fillWorkFolder, keepTemplate, type WorkFolder } from './bake/work-folder.ts';
import type { DiskOutput } from './disk.ts';

/** How to run, not what comes out: no part of the stage's id. */
export interface BakeBehaviour {
  /** `keep` leaves the virtual machine running where a step fails, and says how to log in. */
  onError: 'cleanup' | 'keep';
}

export interface BakeInput {
  image: LoadedImage;
  disk: DiskOutput;
  /** Id of the disk stage's result. */
  diskId: string;
  /** Tar that is unpacked at `/`. Its content counts, not the stage that made it. */
  payload: string;
  acceleration: Acceleration;
  behaviour: BakeBehaviour;
}

export interface BakeOutput {
  /** Sealed qcow2 that stands by itself. */
  disk: string;
}

/** Seconds on hardware virtualisation. */
const SSH_TIMEOUT = 90;
const BAKE_TIMEOUT = 45 * 60;

export const bakeStage: Stage<BakeInput, BakeOutput> = {
  name: 'bake',
  inputs: async (input) => ({
    disk: input.diskId,
    payload: await sha256File(input.payload),
    scripts: await hashTree(join(input.image.folder, 'scripts')),
    own: await hashTree(templatePath('packer')),
    unit: [input.image.definition.name, input.image.definition.version],
  }),
  run: bake,
  open: (folder) => ({ disk: join(folder, 'disk.qcow2') }),
};

/** A machine that is to be kept where something fails is not baked a second time. */
async function bake(input: BakeInput, folder: string, ctx: Context, cleanup: Cleanup): Promise<void> {
  if (input.behaviour.onError === 'keep') return await bakeOnce(input, folder, ctx, cleanup);
  await onceMoreAfterPanic(ctx, input.acceleration, 'baked', () => withCleanup((own) => bakeOnce(input, folder, ctx, own)));
}

async function bakeOnce(input: BakeInput, folder: string, ctx: Context, cleanup: Cleanup): Promise<void> {
  const { acceleration, behaviour } = input;
  const version = await packerVersion(ctx);
  const path = await makeWorkFolder(input, folder, ctx);
  const forget = cleanup.add(`work folder ${path}`, () => rm(path, { recursive: true, force: true }));
  const sshPort = await freePort();
  const relay = await openRelay(async () => {
    await sshListens(ctx, join(path, WORK.serial));
    return sshPort;
  }, cleanup);
  const machine = { acceleration, version, sshTimeoutSeconds: sshTimeout(input), sshPort, communicatorPort: relay };
  const work = await fillWorkFolder(ctx, input, path, machine);

  const takeBack = cleanup.add('virtual machine of the bake', () => endMachine(work));
  await initialisePacker(ctx, { template: work.template, version, log: work.log });
  try {
    await runPacker(ctx, input, work, version);
  } catch (error) {
    if (behaviour.onError === 'keep' && !ctx.signal.aborted && (await tellHowToEnter(ctx, work))) {
      takeBack();
      forget();
    }
    throw error;
  }
  await takeResult(ctx, work, folder);
  await rm(path, { recursive: true, force: true });
}

/**
 * Puts the template with everything to run it by hand into the folder `target`, whether or not the cache has the result.
 * @throws UserError(usage) where `target` holds anything else than an earlier template
 */
export async function writeTemplate(input: BakeInput, target: string, ctx: Context, cleanup: Cleanup): Promise<void> {
  const version = await packerVersion(ctx);
  const path = await ownedFolder(ctx.cacheDir, 'template', cleanup);
  const port = await freePort();
  const machine = {
    acceleration: input.acceleration,
    version,
    sshTimeoutSeconds: sshTimeout(input),
    sshPort: port,
    communicatorPort: port,
  };
  await fillWorkFolder(ctx, input, path, machine);
  await keepTemplate(path, target, cleanup);
}

function sshTimeout({ acceleration }: BakeInput): number {
  return Math.ceil(SSH_TIMEOUT * acceleration.timeoutFactor);
}

/** A machine that is to be kept must not stand in a folder that the cache removes. */
async function makeWorkFolder(input: BakeInput, folder: string, ctx: Context): Promise<string> {
  const kept = join(
    keptFolder(ctx.cacheDir),
    `${input.image.definition.name}-${new Date()
      .toISOString()
      .replaceAll(/[^0-9]/g, '')
      .slice(0, 14)}`,
  );
  const path = input.behaviour.onError === 'keep' ? kept : join(folder, WORK_FOLDER);
  await mkdir(path, { recursive: true, mode: 0o700 });
  // What the kernel calls it, should the cache stand behind a link: QEMU is known by the folder that it runs in.
  return await realpath(path);
}

async function runPacker(
  ctx: Context,
  input: BakeInput,
  work: WorkFolder,
  version: Awaited<ReturnType<typeof packerVersion>>,
): Promise<void> {
  const { acceleration, behaviour } = input;
  const progress = new BakeProgress(ctx, Object.values(OWN_STEPS));
  const timeout = BAKE_TIMEOUT * acceleration.timeoutFactor;
  const space = watch(ctx, () => isFull(work.path));
  const panic = watch(space.ctx, () => hasPanicked(work.serial));
  ctx.events.progress('booting the prepared disk');
  try {
    await packerBuild(panic.ctx, {
      template: work.template,
      version,
      onError: behaviour.onError === 'keep' ? 'abort' : 'cleanup',
      log: work.log,
      timeout,
      onMessage: (message) => progress.onMessage(message),
      onMark: (mark) => progress.onMark(mark),
    });
  } catch (error) {
    if (space.found()) throw diskFull(work.path);
    if (panic.found()) throw await guestPanic(work.serial);
    if (!(error instanceof ToolError)) throw error;
    throw await bakeFailure(error, progress, work.serial, Math.round(timeout / 60));
  } finally {
    space.stop();
    panic.stop();
  }
}

/** Packer 1.6 leaves an overlay on the prepared disk, later versions a whole disk: what goes on stands by itself. */
async function takeResult(ctx: Context, work: WorkFolder, folder: string): Promise<void> {
  const sealed = join(folder, 'disk.qcow2');
  if ((await diskInfo(ctx, work.disk)).backingFile === undefined) await rename(work.disk, sealed);
  else await flattenDisk(ctx, work.disk, sealed);
  await copyFile(work.serial, join(folder, 'serial.log'));
}
