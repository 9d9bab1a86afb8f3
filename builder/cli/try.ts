import { randomUUID } from 'node:crypto';
import { InvalidArgumentError, Option } from 'commander';

import { type Port, UNIT_PATHS } from '../../firstboot/contract/unit.ts';
import { findImages } from '../definition/resolve.ts';
import { MACHINE_TOOLS, requireTools } from '../doctor/preflight.ts';
import { ExitCode, UserError } from '../kit/errors.ts';
import { openArtefact } from '../verify/artefact.ts';
import { findTarget, type Target } from '../verify/target.ts';
import { finaliseUnit } from '../verify/unitctl.ts';
import { detectAcceleration } from '../vm/accel.ts';
import { bootToSsh } from '../vm/boot.ts';
import type { Machine } from '../vm/machine.ts';
import { overlay } from '../vm/overlay.ts';
import { FIRMWARES, type Firmware } from '../vm/spec.ts';
import { answersFile } from './answers-file.ts';
import type { Cli, Session } from './cli.ts';
import { machineSize, USUAL_SIZE } from './machine-size.ts';

interface Options {
  finalise?: boolean;
  answers?: string;
  port: number[];
  firmware: Firmware;
  cpus?: number;
  memory?: number;
}

/** Seconds, as on hardware virtualisation. */
const BOOT_SECONDS = 120;
/** Forwarded where the artefact does not say what it has. */
const USUAL_PORTS: readonly Port[] = [
  { port: 80, purpose: 'HTTP' },
  { port: 443, purpose: 'HTTPS' },
];
const TLS_PORTS = [443, 8443];

const EXAMPLES = `
Examples:
  unitsmith try sphere
  unitsmith try sphere --finalise
  unitsmith try sphere --answers ./answers/mine.yaml
  unitsmith try out/sphere-0.1.0-amd64.ova --firmware uefi --port 8443

The disk is not changed: everything that the machine writes is thrown away at the end. Once the machine is up, Ctrl-C is
that end, with exit code 0.`;

/** `unitsmith try IMAGE|FILE`. */
export function register(cli: Cli): void {
  cli.program
    .command('try')
    .description('boot the last bake of an image, or any disk, with its ports on loopback; Ctrl-C ends it and leaves nothing behind')
    .argument('<image>', 'name of an image that was baked, a folder of packaged files, or a file')
    .option('--finalise', "set it up with the image's sample answers")
    .option('--answers <file>', 'set it up with these')
    .option('--port <n>', 'forward this TCP port too (repeatable)', (text, all: number[]) => [...all, positive(text)], [])
    .addOption(new Option('--firmware <kind>', 'firmware of the machine').choices(FIRMWARES).default('bios'))
    .option('--cpus <n>', `CPUs of the machine (default: the image's, else ${USUAL_SIZE.cpus})`, positive)
    .option('--memory <MiB>', `memory of the machine (default: the image's, else ${USUAL_SIZE.memoryMiB})`, positive)
    .addHelpText('after', EXAMPLES)
    .action(cli.run('try', tryImage));
}

function positive(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('a positive whole number is wanted.');
  return Number(text);
}

async function tryImage(session: Session, name: string, options: Options): Promise<ExitCode> {
  const { ctx } = session;
  const target = await findTarget(name, { out: 'out', images: await findImages(process.cwd()) });
  const answers = await answersFor(target, options);
  await requireTools([...MACHINE_TOOLS, ...(options.firmware === 'uefi' ? ['uefi-firmware'] : [])], ctx);
  const machine = await bootTarget(session, target, options);
  ctx.events.info(`up after ${machine.secondsToSsh} s`);
  const failure = answers === undefined ? undefined : await finaliseOrStay(session, machine, answers);
  const urls = await forwardAll(machine, options.port);
  const lines = [
    `${target.file} is running. Ctrl-C ends it.`,
    ...urls.map(({ url, purpose }) => `  ${url}  ${purpose}`),
    `  ${machine.sshCommandLine}`,
  ];
  session.print(lines.join('\n'));
  ctx.events.emit({
    type: 'result',
    command: 'try',
    data: { file: target.file, urls, ssh: machine.sshCommandLine, sshPort: machine.sshPort },
  });
  await untilEnd(ctx.signal, machine);
  if (failure !== undefined) throw failure;
  return ExitCode.ok;
}

/** @returns why the unit could not be set up: it goes on running then, because the cause is to be looked for on it. */
async function finaliseOrStay({ ctx }: Session, machine: Machine, answers: string): Promise<UserError | undefined> {
  ctx.events.progress('setting the unit up with the answers');
  try {
    await finaliseUnit(ctx, machine, { answers, remedies: [] });
    return undefined;
  } catch (error) {
    if (!(error instanceof UserError) || ctx.signal.aborted) throw error;
    ctx.events.warn(`${error.message}: ${error.why ?? ''}`);
    for (const line of error.excerpt?.lines ?? []) ctx.events.info(`  | ${line}`);
    return error;
  }
}

async function answersFor(target: Target, options: Options): Promise<string | undefined> {
  if (options.answers !== undefined) return answersFile(options.answers);
  if (options.finalise !== true) return undefined;
  if (target.answers !== undefined) return target.answers;
  throw new UserError('there are no answers to set the unit up with', {
    exitCode: ExitCode.usage,
    why: 'a file or folder says nothing about the image that it was made from, and an image may have no sample/answers.yaml',
    remedies: ['name them: --answers FILE'],
  });
}

async function bootTarget({ ctx, cleanup }: Session, target: Target, options: Options): Promise<Machine> {
  const acceleration = await detectAcceleration(ctx);
  if (acceleration.kind === 'tcg') ctx.events.info(`The machine is emulated, which is slow: ${acceleration.reason}`);
  const artefact = await openArtefact(ctx, target.file, cleanup);
  const size = await machineSize(ctx, target.image, options);
  const spec = async () =>
    ({
      name: 'try',
      firmware: options.firmware,
      controller: 'virtio-scsi',
      nic: 'virtio',
      ...size,
      disk: await overlay(ctx, artefact.disk, cleanup),
      uuid: randomUUID(),
    }) as const;
  ctx.events.progress('booting');
  return await bootToSsh(ctx, { spec, seconds: BOOT_SECONDS }, acceleration, cleanup);
}

/** The artefact's declared TCP ports and the wanted ones, each on a free port of loopback. */
async function forwardAll(machine: Machine, wanted: readonly number[]): Promise<{ url: string; purpose: string }[]> {
  const { exitCode, stdout } = await machine.ssh(['cat', UNIT_PATHS.definition]);
  const declared = exitCode === 0 ? (JSON.parse(stdout) as { ports: Port[] }).ports : USUAL_PORTS;
  const urls = [];
  for (const { port, purpose } of portsToShow(declared, wanted)) urls.push({ url: urlOf(port, await machine.forward(port)), purpose });
  return urls;
}

/**
 * TCP ports whose URLs are of use, each once: without SSH, and without 80 where 443 is declared, because its redirect leads
 * to the port of the unit, which is not the forwarded one. What was asked for by number is shown in any case.
 */
export function portsToShow(declared: readonly Port[], wanted: readonly number[]): { port: number; purpose: string }[] {
  const tcp = declared.filter(({ protocol }) => protocol !== 'udp');
  const redirects = tcp.some(({ port }) => port === 443);
  const ports = [
    ...tcp.filter(({ port }) => !(port === 80 && redirects && !wanted.includes(80))),
    ...wanted.map((port) => ({ port, purpose: `port ${port}` })),
  ];
  const shown = new Map<number, { port: number; purpose: string }>();
  for (const { port, purpose } of ports) if (port !== 22 && !shown.has(port)) shown.set(port, { port, purpose });
  return [...shown.values()];
}

function urlOf(guestPort: number, hostPort: number): string {
  return `${TLS_PORTS.includes(guestPort) ? 'https' : 'http'}://127.0.0.1:${hostPort}/`;
}

/** Until Ctrl-C, which is the way to end this command, or until the machine is switched off inside. */
async function untilEnd(signal: AbortSignal, machine: Machine): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
    void machine.ended.then(() => resolve());
  });
}
