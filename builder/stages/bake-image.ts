/** The whole bake, from definition to verified artefacts: one flat list of calls. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { auditRuleNames } from '../audit/index.ts';
import { bytesOf, type ImageDefinition, type LoadedImage, mebibytesOf } from '../definition/definition.ts';
import { loadImage } from '../definition/load.ts';
import { imageWord } from '../definition/resolve.ts';
import { preflight } from '../doctor/preflight.ts';
import { artefactName, refuseWithoutOva } from '../formats/pack.ts';
import type { Cleanup } from '../kit/cleanup.ts';
import type { Context } from '../kit/context.ts';
import { together } from '../kit/together.ts';
import { takeBuildLock } from '../pipeline/build-lock.ts';
import { kindsOf } from '../sources/artifact.ts';
import { packagesOf } from '../sources/debian/source.ts';
import { detectAcceleration } from '../vm/accel.ts';
import type { Acceleration } from '../vm/spec.ts';
import { auditStage } from './audit.ts';
import { BAKE_MEMORY_MIB, refuseTaken } from './bake/work-folder.ts';
import { type BakeBehaviour, type BakeInput, bakeStage, writeTemplate } from './bake.ts';
import { deliver } from './deliver.ts';
import { diskStage } from './disk.ts';
import { documents, holdToBudget } from './documents.ts';
import { baseNameOf, type Packaged, type PackageOptions, packageImage, timeOf } from './package.ts';
import { assemblePayload, installPackages, openRunner, type PrepareOptions, readIngredients } from './prepare.ts';
import { proofStage } from './proof.ts';
import { toolsBehind, toolVersions } from './tool-versions.ts';
import { type VerifyInput, verifyStage } from './verify.ts';

export interface BakeOptions extends PrepareOptions {
  image: string;
  behaviour: BakeBehaviour;
  /** Folder that gets Packer's template and its files. */
  keepTemplate?: string;
  packaging: PackageOptions;
  /** Folder for the artefacts. */
  out: string;
  /** Boot and finalise the sealed disk before it is packaged. */
  proof: boolean;
  /** Boot the artefacts as they ship. */
  verify: 'none' | 'quick' | 'full';
}

export interface BakeResult {
  image: string;
  version: string;
  files: { path: string; bytes: number; sha256: string }[];
  stageIds: Record<string, string>;
}

/** Bakes one image. @throws UserError of the stage that failed; nothing partial is left in `out`. */
export async function bakeImage(options: BakeOptions, ctx: Context, cleanup: Cleanup): Promise<BakeResult> {
  if (options.keepTemplate !== undefined) await refuseTaken(options.keepTemplate);
  const image = await loadImage(options.image, ctx, { auditRules: auditRuleNames() });
  refuseWithoutOva(options.packaging.formats ?? image.definition.formats, options.packaging.ovaOptions);
  const ingredients = await readIngredients(image, options);
  const needs = {
    diskBytes: bytesOf(image.definition.hardware.disk),
    memoryBytes: largestGuest(image.definition),
    out: options.out,
    uefi: options.verify !== 'none',
    kinds: kindsOf(image.definition.artifacts),
    image: imageWord(image.folder, process.cwd()),
  };
  // At once: each waits for outside programs, and a bake that has nothing to do takes little longer.
  const [, acceleration, tools] = await together(preflight(ctx, needs), detectAcceleration(ctx), toolVersions(ctx));
  if (acceleration.kind === 'tcg') ctx.events.info(`Machines are emulated, which is slow: ${acceleration.reason}`);
  await takeBuildLock(ctx.cacheDir, cleanup);
  const runner = await openRunner(ctx, image, tools);

  const installed = await installPackages(runner, ingredients);
  const { resolved, fetched, rootfs } = installed;
  // Each of the two keeps one core busy.
  const [disk, payload] = await together(
    runner.run(diskStage, {
      rootfs: rootfs.output,
      rootfsId: rootfs.id,
      diskBytes: bytesOf(image.definition.hardware.disk),
      title: image.definition.title.en,
    }),
    assemblePayload(runner, ingredients, installed),
  );
  const bake: BakeInput = {
    image,
    disk: disk.output,
    diskId: disk.id,
    payload: payload.output.tar,
    acceleration,
    behaviour: options.behaviour,
  };
  if (options.keepTemplate !== undefined) await writeTemplate(bake, options.keepTemplate, ctx, cleanup);
  const baked = await runner.run(bakeStage, bake);
  // Nothing is delivered of a disk that the audit refuses: what was packaged meanwhile stays in the cache.
  const [audit, packaged] = await together(
    runner.run(auditStage, {
      image,
      disk: baked.output.disk,
      bakeId: baked.id,
      packages: rootfs.output.packages,
      vendors: packagesOf(Object.values(fetched.output.artifacts)),
    }),
    packageImage(runner, {
      image,
      disk: baked.output.disk,
      bakeId: baked.id,
      options: options.packaging,
      mtime: await timeOf(fetched.output),
    }),
  );
  holdToBudget(image, audit.output.inventory, packaged.files);
  const proof = options.proof
    ? await runner.run(proofStage, { image, disk: baked.output.disk, bakeId: baked.id, acceleration })
    : undefined;
  const verified =
    options.verify === 'none' ? undefined : await runner.run(verifyStage, verifyInput(image, packaged, options.verify, acceleration));

  const baseName = baseNameOf(image);
  const artefacts = packaged.files.map(({ format, file }) => ({ name: artefactName(baseName, format), file }));
  const { lock, lockHash } = ingredients;
  const texts = documents({
    image,
    lock: lock === undefined || lockHash === null ? undefined : { content: lock, sha256: lockHash },
    resolved: resolved.output,
    fetched: fetched.output,
    inventory: audit.output.inventory,
    auditReport: await readFile(audit.output.report, 'utf8'),
    proof: proof?.output,
    verify: verified?.output,
    artefacts: bootable(packaged).map(({ format }) => artefactName(baseName, format)),
    files: artefacts.map(({ name, file }) => ({ name, sha256: file.sha256 })),
    stageIds: runner.ids,
    builderVersion: options.builderVersion,
    tools: toolsBehind(runner.tools),
  });
  const parts = options.packaging.ovaFolder ? packaged.ova : undefined;
  const files = await deliver({ out: options.out, baseName, artefacts, documents: texts, parts }, ctx);
  return { image: image.definition.name, version: image.definition.version, files, stageIds: runner.ids };
}

/** Bytes of the largest guest of a bake: the one that it is baked in, or the one that importers are offered. */
export function largestGuest({ hardware }: Pick<ImageDefinition, 'hardware'>): number {
  return Math.max(bytesOf(hardware.memory), BAKE_MEMORY_MIB * 2 ** 20);
}

/** A box is a disk that is verified in another format, and the seed that goes with it. */
function bootable({ files }: Packaged): Packaged['files'] {
  return files.filter(({ format }) => !format.startsWith('vagrant-'));
}

function verifyInput(image: LoadedImage, packaged: Packaged, matrix: 'quick' | 'full', acceleration: Acceleration): VerifyInput {
  const { cpus, memory } = image.definition.hardware;
  const sample = join(image.folder, 'sample');
  const files = bootable(packaged).map(({ file }) => file);
  return {
    files: files.map(({ path }) => path),
    hashes: files.map(({ sha256 }) => sha256),
    matrix,
    acceleration,
    cpus,
    memoryMiB: mebibytesOf(memory),
    ...(existsSync(join(sample, 'answers.yaml')) ? { sample } : {}),
  };
}
