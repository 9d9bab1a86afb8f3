import { InvalidArgumentError } from 'commander';

import { findImages } from '../definition/resolve.ts';
import { MACHINE_TOOLS, requireTools } from '../doctor/preflight.ts';
import type { Context } from '../kit/context.ts';
import { ExitCode, UserError } from '../kit/errors.ts';
import { writeFileAtomic } from '../kit/files.ts';
import { findOrigin } from '../verify/origin.ts';
import { summary, type VerifyReport } from '../verify/report.ts';
import { MATRICES, type Matrix, parseScenario, type Scenario, scenariosOf } from '../verify/scenario.ts';
import { verify } from '../verify/verify.ts';
import { detectAcceleration } from '../vm/accel.ts';
import { answersFile } from './answers-file.ts';
import type { Cli, Session } from './cli.ts';
import { machineSize, USUAL_SIZE } from './machine-size.ts';

interface Options {
  matrix: string;
  scenario: string[];
  report?: string;
  /** False for --no-answers. */
  answers?: string | false;
  cpus?: number;
  memory?: number;
}

const EXAMPLES = `
A scenario is firmware+controller+nic+datasource:
  firmware    bios, uefi
  controller  pvscsi, ahci, nvme, virtio-scsi, virtio-blk, lsisas1068
  nic         vmxnet3, e1000, virtio
  datasource  none, nocloud, ovf

Examples:
  unitsmith verify out/sphere-0.1.0-amd64.ova
  unitsmith verify sphere-0.1.0-amd64.qcow2 --matrix full --report verify.json
  unitsmith verify disk.raw --scenario bios+pvscsi+vmxnet3 --scenario uefi+nvme+e1000+nocloud
  unitsmith verify sphere.ova --answers images/sphere/sample/answers.yaml
  unitsmith verify out/sphere-0.1.0-amd64.ova --no-answers

Where all ports are asked, the unit is then set up with answers and asked again, with its probes: the image's sample answers,
where the provenance.json beside the file says that it was baked of the definition that is here.

Exit code: 0 where all is as declared, 1 where something was found.`;

/** `unitsmith verify FILE...`. */
export function register(cli: Cli): void {
  cli.program
    .command('verify')
    .description('boot an artefact on throw-away overlays, on the hardware that hypervisors give it, and check what comes up')
    .argument('<file...>', 'OVA, qcow2, VMDK or raw disk (also .zst); several share the scenarios')
    .option('--matrix <name>', `${MATRICES.join(' or ')}: which scenarios`, 'quick')
    .option('--scenario <words>', 'boot this scenario instead of a matrix (repeatable)', (text, all: string[]) => [...all, text], [])
    .option('--answers <file>', "set the unit up with these answers (default: the image's sample answers, where the image is here)")
    .option('--no-answers', 'look at the unit as it ships only')
    .option('--report <file>', 'write the report as JSON')
    .option('--cpus <n>', `CPUs of the machines (default: the image's, else ${USUAL_SIZE.cpus})`, positive)
    .option('--memory <MiB>', `memory of the machines (default: the image's, else ${USUAL_SIZE.memoryMiB})`, positive)
    .addHelpText('after', EXAMPLES)
    .action(cli.run('verify', verifyFiles));
}

function positive(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('a positive whole number is wanted.');
  return Number(text);
}

async function verifyFiles(session: Session, files: string[], options: Options): Promise<ExitCode> {
  const { ctx, cleanup } = session;
  const scenarios = options.scenario.length > 0 ? options.scenario.map(parseScenario) : scenariosOf(matrixOf(options.matrix));
  const { answers, cpus, memoryMiB } = await setUp(ctx, files, options);
  await requireTools(toolsFor(scenarios), ctx);
  const acceleration = await detectAcceleration(ctx);
  if (acceleration.kind === 'tcg') ctx.events.info(`Machines are emulated, which is slow: ${acceleration.reason}`);
  const report: VerifyReport = await verify(ctx, { files, scenarios, acceleration, cpus, memoryMiB, answers }, cleanup);
  if (options.report !== undefined) await writeFileAtomic(options.report, `${JSON.stringify(report, null, 2)}\n`);
  session.print(summary(report));
  ctx.events.emit({ type: 'result', command: 'verify', data: report });
  return report.passed ? ExitCode.ok : ExitCode.findings;
}

/** The answers to set a unit up with, and a machine of the size that they are meant for. */
async function setUp(
  ctx: Context,
  files: readonly string[],
  options: Options,
): Promise<{ answers?: string; cpus: number; memoryMiB: number }> {
  const { answers } = options;
  const given = typeof answers === 'string' ? await answersFile(answers) : undefined;
  const origin = await findOrigin(files, await findImages(process.cwd()), ctx);
  const size = await machineSize(ctx, 'image' in origin ? origin.image.folder : undefined, options);
  if (given !== undefined) return { ...size, answers: given };
  if (answers === false) return size;
  if ('unknown' in origin) {
    ctx.events.info(`Units are looked at as they ship, their probes are not asked: ${origin.unknown}. Set them up with --answers FILE`);
    return size;
  }
  ctx.events.info(`Set up with the sample answers of ${origin.image.definition.name}, and its probes are asked; not so with --no-answers`);
  return { ...size, answers: origin.answers };
}

/** Programs that boot these scenarios: seeds of datasources are CDs. */
function toolsFor(scenarios: readonly Scenario[]): string[] {
  const seeded = scenarios.some(({ datasource }) => datasource !== 'none');
  const uefi = scenarios.some(({ firmware }) => firmware === 'uefi');
  return [...MACHINE_TOOLS, ...(seeded ? ['xorriso'] : []), ...(uefi ? ['uefi-firmware'] : [])];
}

function matrixOf(name: string): Matrix {
  const found = MATRICES.find((matrix) => matrix === name);
  if (found !== undefined) return found;
  throw new UserError(`there is no matrix \`${name}\``, { exitCode: ExitCode.usage, remedies: [`known are ${MATRICES.join(', ')}`] });
}
