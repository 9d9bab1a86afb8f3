/** Power-on: makes what a machine needs in a folder of its own, starts QEMU, and hands over a `Machine`. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Cleanup } from '../kit/cleanup.ts';
import { type Running, start } from '../kit/command.ts';
import type { Context } from '../kit/context.ts';
import { ExitCode, ToolError, UserError } from '../kit/errors.ts';
import { temporaryFolder } from '../kit/files.ts';
import { tiedToUs } from '../tools/tied.ts';
import { type MachineFiles, qemuArgv } from './argv.ts';
import { GuestPanic, Machine } from './machine.ts';
import { onceMoreAfterPanic } from './once-more.ts';
import { ownOvmf } from './ovmf.ts';
import { freePort } from './ports.ts';
import { Qmp } from './qmp.ts';
import { openLink } from './scan/link.ts';
import type { Acceleration, MachineSpec } from './spec.ts';
import { oneTimeKey } from './ssh.ts';
import { deadlineIn, waitFor } from './wait.ts';

export const QEMU = 'qemu-system-x86_64';
/** Another program may take a free port between finding and using it. */
const ATTEMPTS = 3;
/** Seconds until QEMU's control socket answers; it does so before the guest runs. */
const QEMU_START = 60;

/**
 * Starts a machine. `cleanup` ends it; ctx.signal only cancels waits, so a caller that is cancelled still runs its cleanup.
 * The one-time key goes in as a systemd credential (ssh.authorized_keys.root): it needs no datasource and no change of
 * the disk.
 * @throws UserError(host) where QEMU or its firmware is missing, UserError(tool) where QEMU refuses to start.
 */
export async function boot(ctx: Context, spec: MachineSpec, acceleration: Acceleration, cleanup: Cleanup): Promise<Machine> {
  // Unix sockets have names of 107 bytes at most, so this folder is not in the cache, whose path may be long.
  const folder = await temporaryFolder(tmpdir(), 'unitsmith-vm-', cleanup);
  const key = spec.key ?? (await oneTimeKey(ctx, folder));
  const link = spec.scan === true ? await openLink(cleanup) : undefined;
  const ovmf = spec.firmware === 'uefi' ? await ownOvmf(join(folder, 'variables.fd')) : undefined;
  const credentials = { ...spec.credentials, ...(spec.keyless === true ? {} : { 'ssh.authorized_keys.root': key.publicKey }) };

  for (let attempt = 1; ; attempt += 1) {
    const forwards = new Map<number, number>();
    for (const port of new Set([22, ...(spec.forwards ?? [])])) forwards.set(port, await freePort());
    const files: MachineFiles = {
      accelerator: acceleration.kind,
      cpuModel: acceleration.cpuModel,
      serialLog: join(folder, 'serial.log'),
      qmpSocket: join(folder, 'qmp'),
      forwards,
      ...(link === undefined ? {} : { linkPort: link.port }),
      ...(ovmf === undefined ? {} : { ovmf }),
    };
    const complaints: string[] = [];
    const poweredOn = Date.now();
    const process = await startQemu(ctx, qemuArgv({ ...spec, credentials }, files), complaints);
    const takeBack = cleanup.add(`virtual machine ${spec.name}`, () => process.stop(5));
    const qmp = await connectQmp(ctx, process, files.qmpSocket);
    if (qmp !== undefined) {
      const ssh = { user: 'root', port: forwards.get(22) ?? 0, keyFile: key.file, controlPath: join(folder, 'ssh') };
      const timeoutFactor = acceleration.timeoutFactor;
      const parts = {
        spec: { ...spec, key },
        process,
        qmp,
        complaints,
        serialLog: files.serialLog,
        forwards,
        ssh,
        link,
        timeoutFactor,
        poweredOn,
      };
      const machine = new Machine(ctx, parts);
      takeBack();
      cleanup.add(`virtual machine ${spec.name}`, () => machine.stop());
      return machine;
    }
    await process.stop(1);
    takeBack();
    if (attempt === ATTEMPTS || !complaints.some((line) => /host forwarding rule|Address already in use/.test(line)))
      throw refused(complaints);
  }
}

export interface BootUntil {
  /** What is booted, made anew for each try: its overlay too. */
  spec(): Promise<MachineSpec>;
  /** Waits for what the machine is booted for. */
  until(machine: Machine): Promise<unknown>;
  /** Told of each machine as soon as there is one. */
  made?(machine: Machine): void;
}

/**
 * Boots and waits for `until`; once more where an emulated machine's kernel panics before that.
 * @throws GuestPanic, and what `boot` and `until` throw
 */
export async function bootUntil(ctx: Context, how: BootUntil, acceleration: Acceleration, cleanup: Cleanup): Promise<Machine> {
  const attempt = async (): Promise<Machine> => {
    const machine = await boot(ctx, await how.spec(), acceleration, cleanup);
    how.made?.(machine);
    try {
      await how.until(machine);
      return machine;
    } catch (error) {
      if (error instanceof GuestPanic) await machine.stop();
      throw error;
    }
  };
  return await onceMoreAfterPanic(ctx, acceleration, 'booted', attempt);
}

/** `bootUntil` SSH answers. @param how `seconds` as on hardware virtualisation */
export async function bootToSsh(
  ctx: Context,
  { seconds, ...how }: Omit<BootUntil, 'until'> & { seconds: number },
  acceleration: Acceleration,
  cleanup: Cleanup,
): Promise<Machine> {
  const until = (machine: Machine): Promise<unknown> => machine.waitForSsh(machine.deadline(seconds));
  return await bootUntil(ctx, { ...how, until }, acceleration, cleanup);
}

async function startQemu(ctx: Context, args: readonly string[], complaints: string[]): Promise<Running> {
  try {
    return await start(ctx, ...tiedToUs(QEMU, args), { onLine: (line) => complaints.push(line) });
  } catch (error) {
    if (!(error instanceof ToolError) || !error.failure.missing) throw error;
    throw notInstalled(error);
  }
}

function notInstalled(cause?: unknown): UserError {
  return new UserError('QEMU is not installed', {
    exitCode: ExitCode.host,
    why: `${QEMU} is not on PATH`,
    remedies: ['On Debian or Ubuntu: sudo apt-get install qemu-system-x86'],
    cause,
  });
}

/** Undefined where QEMU ends before its control socket answers: it has complained by then. */
async function connectQmp(ctx: Context, process: Running, socket: string): Promise<Qmp | undefined> {
  let ended = false;
  void process.ended.then(() => {
    ended = true;
  });
  const outcome = await waitFor(
    async () => (ended ? 'ended' : await Qmp.connect(socket).catch(() => undefined)),
    deadlineIn(QEMU_START),
    ctx.signal,
    100,
  );
  return outcome instanceof Qmp ? outcome : undefined;
}

function refused(complaints: readonly string[]): UserError {
  // setpriv's words, in the one language that programs are run in.
  if (complaints.some((line) => line.startsWith('setpriv: failed to execute'))) return notInstalled();
  return new UserError('QEMU does not start the virtual machine', {
    exitCode: ExitCode.tool,
    why: complaints.at(-1) ?? 'it said nothing',
    remedies: ['QEMU 7.2 or later is needed: see qemu-system-x86_64 --version'],
    excerpt: { title: 'QEMU', lines: complaints.slice(-20) },
  });
}
