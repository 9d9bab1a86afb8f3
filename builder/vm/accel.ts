/**
 * Hardware virtualisation, only if it truly works. A /dev/kvm that opens proves nothing: nested or filtered KVM may
 * accept every call and then hang. So the CPU's flags decide first, then a boot sector that must come through.
 */
import { constants } from 'node:fs';
import { access, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { withCleanup } from '../kit/cleanup.ts';
import { run } from '../kit/command.ts';
import type { Context } from '../kit/context.ts';
import { Interrupted, ToolError } from '../kit/errors.ts';
import { temporaryFolder } from '../kit/files.ts';
import { bootSector, EXIT_CODE, EXIT_PORT } from './accel/boot-sector.ts';
import type { Acceleration } from './spec.ts';

/** Where the answer comes from; tests give another. */
export interface VirtualisationHost {
  cpuinfo: string;
  device: string;
  /** Seconds for a test guest: the boot sector needs a tenth of one. */
  patience: number;
}

const THIS_HOST: VirtualisationHost = { cpuinfo: '/proc/cpuinfo', device: '/dev/kvm', patience: 10 };

/** Measured: a guest under emulation takes five to fifteen times as long; a limit must not end what only is slow. */
const TCG_FACTOR = 8;

/** Finds out how to run guests here. Never throws but for a cancelled run. */
export async function detectAcceleration(ctx: Context, host: VirtualisationHost = THIS_HOST): Promise<Acceleration> {
  const obstacle = await findObstacle(ctx, host);
  return obstacle === undefined
    ? { kind: 'kvm', cpuModel: 'host', reason: 'KVM runs a test guest', timeoutFactor: 1 }
    : { kind: 'tcg', cpuModel: 'max', reason: obstacle, timeoutFactor: TCG_FACTOR };
}

async function findObstacle(ctx: Context, host: VirtualisationHost): Promise<string | undefined> {
  if (!hasVirtualisationFlag(await readFile(host.cpuinfo, 'utf8'))) {
    return 'the processor does not offer hardware virtualisation here (/proc/cpuinfo shows neither vmx nor svm)';
  }
  try {
    await access(host.device, constants.R_OK | constants.W_OK);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
      ? `${host.device} does not exist: the kvm module is not loaded`
      : `${host.device} may not be opened: add yourself to the group kvm and log in again (sudo adduser $USER kvm)`;
  }
  return bootsTestGuest(ctx, { kind: 'kvm', cpuModel: 'host', patience: host.patience });
}

/** Whether a `flags` line of /proc/cpuinfo names Intel's or AMD's virtualisation. */
export function hasVirtualisationFlag(cpuinfo: string): boolean {
  return /^flags\s*:.*\b(vmx|svm)\b/m.test(cpuinfo);
}

/**
 * Boots a sector that enters long mode with paging and reports by QEMU's debug-exit device.
 * @returns undefined where it came through, else what went wrong, as a sentence.
 */
export async function bootsTestGuest(
  ctx: Context,
  { kind, cpuModel, patience }: Pick<Acceleration, 'kind' | 'cpuModel'> & Pick<VirtualisationHost, 'patience'>,
): Promise<string | undefined> {
  return withCleanup(async (cleanup) => {
    const folder = await temporaryFolder(tmpdir(), 'unitsmith-accel-', cleanup);
    const image = join(folder, 'boot.img');
    await writeFile(image, bootSector());
    try {
      const { exitCode } = await run(ctx, 'qemu-system-x86_64', testGuestArguments(image, kind, cpuModel), {
        timeout: patience,
        grace: 1,
        okExitCodes: [EXIT_CODE],
        quiet: true,
      });
      return exitCode === EXIT_CODE ? undefined : 'the test guest ended in an unknown way';
    } catch (error) {
      if (error instanceof Interrupted || !(error instanceof ToolError)) throw error;
      if (error.failure.missing) return 'QEMU is not installed, so nothing could be tried';
      if (error.failure.timedOut) return `KVM accepts a test guest, but does not run it (nothing came within ${patience} seconds)`;
      return `KVM does not run a test guest: ${error.failure.tail.at(-1)?.trim() || error.message}`;
    }
  });
}

function testGuestArguments(image: string, kind: Acceleration['kind'], cpuModel: string): string[] {
  return [
    ...['-machine', `pc,accel=${kind}`, '-cpu', cpuModel, '-m', '64', '-nodefaults', '-no-user-config'],
    ...['-display', 'none', '-no-reboot', '-device', `isa-debug-exit,iobase=0x${EXIT_PORT.toString(16)},iosize=4`],
    ...['-drive', `file=${image.replaceAll(',', ',,')},format=raw,if=ide,snapshot=on`],
  ];
}
