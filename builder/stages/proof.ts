/**
 * The proof: the sealed disk on a throw-away overlay, finalised with the image's sample answers by the very steps that
 * first boot uses; services start in order, smoke probes and acceptance requests pass. The disk itself is not touched.
 */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { type LoadedImage, mebibytesOf } from '../definition/definition.ts';
import type { Cleanup } from '../kit/cleanup.ts';
import type { Context } from '../kit/context.ts';
import { ExitCode, UserError } from '../kit/errors.ts';
import { hashTree } from '../kit/hash.ts';
import { shellWord } from '../kit/shell-word.ts';
import type { Stage } from '../pipeline/stage.ts';
import { finaliseUnit, journalOf, onUnit, probeUnit, type StepTime } from '../verify/unitctl.ts';
import { bootToSsh } from '../vm/boot.ts';
import { GuestFailure, type Machine } from '../vm/machine.ts';
import { overlay } from '../vm/overlay.ts';
import type { Acceleration, MachineSpec } from '../vm/spec.ts';

export interface ProofInput {
  image: LoadedImage;
  disk: string;
  /** Id of the bake stage: stands for the disk's content. */
  bakeId: string;
  acceleration: Acceleration;
}

/** What the proof found, as proof.json keeps it. */
export interface ProofOutput {
  secondsToSsh: number;
  /** From power-on until the setup page answers. */
  secondsToPage: number;
  steps: StepTime[];
  probes: { title: string; seconds: number }[];
  /** Memory in use after finalisation, as `free` counts it; MiB. */
  memoryMiB: number;
}

/** As on hardware virtualisation. */
const BOOT_SECONDS = 180;
const PAGE_SECONDS = 180;

export const proofStage: Stage<ProofInput, ProofOutput> = {
  name: 'proof',
  inputs: async ({ bakeId, image }) => ({
    disk: bakeId,
    sample: await hashTree(join(image.folder, 'sample')),
    machine: [image.definition.hardware.cpus, mebibytesOf(image.definition.hardware.memory)],
  }),
  run: prove,
  open: async (folder) => JSON.parse(await readFile(join(folder, 'proof.json'), 'utf8')) as ProofOutput,
};

async function prove(input: ProofInput, folder: string, ctx: Context, cleanup: Cleanup): Promise<void> {
  const { definition } = input.image;
  const answers = join(input.image.folder, 'sample', 'answers.yaml');
  if (!existsSync(answers)) {
    throw new UserError(`${definition.name} has no sample answers`, {
      exitCode: ExitCode.proof,
      why: `${answers} is missing, and an image is proved by finalising it`,
      remedies: ['write sample/answers.yaml: what an owner would answer', 'or bake without it: --no-proof'],
    });
  }
  // The sealed disk stays in the cache, so the failure can be had again, and looked at.
  const look = `look at the unit itself: unitsmith try ${shellWord(input.disk)}`;
  const machine = await bootOverlay(input, ctx, cleanup).catch((error: unknown) => {
    throw error instanceof GuestFailure ? notUp(error, look) : error;
  });
  const secondsToPage = await waitForPage(machine, [look]);
  ctx.events.progress('finalising with the sample answers');
  const remedies = [`${look} --answers ${shellWord(answers)}`];
  const steps = await finaliseUnit(ctx, machine, { answers, remedies });
  const probes: ProofOutput['probes'] = [];
  for (const set of ['smoke', 'acceptance'] as const) {
    ctx.events.progress(`${set} probes`);
    probes.push(...(await holdToProbes(machine, set, remedies)));
  }
  const memoryMiB = await memoryOf(machine, remedies);
  const output: ProofOutput = { secondsToSsh: machine.secondsToSsh ?? 0, secondsToPage, steps, probes, memoryMiB };
  await writeFile(join(folder, 'proof.json'), `${JSON.stringify(output, null, 2)}\n`);
}

/** A guest that does not come up is the image's fault, and no tool's. Exported for its test. */
export function notUp({ message, why, excerpt, cause }: GuestFailure, remedy: string): UserError {
  const known = { ...(why === undefined ? {} : { why }), ...(excerpt === undefined ? {} : { excerpt }) };
  return new UserError(`The unit did not come up: ${message}`, { exitCode: ExitCode.proof, ...known, remedies: [remedy], cause });
}

async function memoryOf(machine: Machine, remedies: readonly string[]): Promise<number> {
  const asked = "free -m | awk '/^Mem:/ { print $3 }'";
  const told = await onUnit(
    machine,
    () => 'The unit does not tell its memory',
    remedies,
    () => machine.output(asked),
  );
  return Number(told.trim());
}

/** @returns seconds since power-on. @throws UserError(proof). Exported for its test. */
export async function waitForPage(machine: Machine, remedies: readonly string[]): Promise<number> {
  const reached = performance.now();
  const asked = 'until curl --silent --insecure --output /dev/null https://127.0.0.1/; do sleep 1; done';
  await onUnit(
    machine,
    () => 'The setup page never answered',
    remedies,
    () => machine.output(asked, { timeout: machine.deadline(PAGE_SECONDS).seconds }),
  );
  return Math.round(10 * ((machine.secondsToSsh ?? 0) + (performance.now() - reached) / 1000)) / 10;
}

/** @throws UserError(proof) naming the probes that did not pass. */
async function holdToProbes(
  machine: Machine,
  set: 'smoke' | 'acceptance',
  remedies: readonly string[],
): Promise<{ title: string; seconds: number }[]> {
  const results = await probeUnit(machine, set, remedies);
  const failed = results.filter(({ passed }) => !passed);
  if (failed.length === 0) return results.map(({ title, seconds }) => ({ title, seconds }));
  throw new UserError(`${failed.length} of ${results.length} ${set} probes did not pass`, {
    exitCode: ExitCode.proof,
    problems: failed.map(({ title, message }) => ({ message: `${title}: ${message}` })),
    remedies,
    excerpt: { title: 'Journal', lines: await journalOf(machine) },
  });
}

async function bootOverlay(input: ProofInput, ctx: Context, cleanup: Cleanup): Promise<Machine> {
  const { hardware, name } = input.image.definition;
  ctx.events.progress('booting a throw-away overlay of the sealed disk');
  const spec = async (): Promise<MachineSpec> => ({
    name: `${name}-proof`,
    uuid: randomUUID(),
    firmware: 'bios',
    controller: 'virtio-scsi',
    nic: 'virtio',
    cpus: hardware.cpus,
    memoryMiB: mebibytesOf(hardware.memory),
    disk: await overlay(ctx, input.disk, cleanup),
  });
  return await bootToSsh(ctx, { spec, seconds: BOOT_SECONDS }, input.acceleration, cleanup);
}
