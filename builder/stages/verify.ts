/** Verification of what was packaged: each file is booted as shipped. The report is verify.json. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { boxUserData } from '../formats/vagrant/box.ts';
import type { Cleanup } from '../kit/cleanup.ts';
import type { Context } from '../kit/context.ts';
import { ExitCode, UserError } from '../kit/errors.ts';
import { hashTree, sha256 } from '../kit/hash.ts';
import type { Stage } from '../pipeline/stage.ts';
import { allFindings, type VerifyReport } from '../verify/report.ts';
import { type Matrix, scenarioName, scenariosOf } from '../verify/scenario.ts';
import { verify } from '../verify/verify.ts';
import type { Acceleration } from '../vm/spec.ts';

export interface VerifyInput {
  /** Packaged files that can be booted: OVA, qcow2, VMDK, raw. The scenarios are dealt out over them in turn. */
  files: readonly string[];
  /** SHA-256 of each file: known since it was written. */
  hashes: readonly string[];
  matrix: Matrix;
  acceleration: Acceleration;
  cpus?: number;
  memoryMiB?: number;
  /** The image's sample/, with whose answers the unit is set up where all ports are asked; undefined where it has none. */
  sample?: string;
}

export const verifyStage: Stage<VerifyInput, VerifyReport> = {
  name: 'verify',
  inputs: async ({ hashes, matrix, cpus, memoryMiB, sample }) => ({
    files: hashes,
    scenarios: scenariosOf(matrix).map(scenarioName),
    machine: [cpus, memoryMiB],
    sample: sample === undefined ? null : await hashTree(sample),
    boxUserData: sha256(boxUserData()),
  }),
  run: verifyPackaged,
  open: async (folder) => JSON.parse(await readFile(join(folder, 'verify.json'), 'utf8')) as VerifyReport,
};

async function verifyPackaged(input: VerifyInput, folder: string, ctx: Context, cleanup: Cleanup): Promise<void> {
  const { files, acceleration, cpus, memoryMiB, sample } = input;
  const answers = sample === undefined ? undefined : join(sample, 'answers.yaml');
  const report = await verify(ctx, { files, scenarios: scenariosOf(input.matrix), acceleration, cpus, memoryMiB, answers }, cleanup);
  if (report.passed) {
    await writeFile(join(folder, 'verify.json'), `${JSON.stringify(report, null, 2)}\n`);
    return;
  }
  const errors = allFindings(report).filter(({ severity }) => severity === 'error');
  const failed = report.scenarios.find((scenario) => !scenario.passed);
  throw new UserError('What was packaged does not hold when it is booted', {
    exitCode: ExitCode.proof,
    problems: errors.map(({ rule, message, suggestion }) => ({
      message: `${rule}: ${message}`,
      ...(suggestion === undefined ? {} : { suggestion }),
    })),
    remedies: ['boot it yourself: unitsmith try FILE', 'check one scenario again: unitsmith verify FILE --scenario ...'],
    ...(failed === undefined ? {} : { excerpt: { title: `Serial console of ${failed.name}`, lines: failed.console } }),
  });
}
