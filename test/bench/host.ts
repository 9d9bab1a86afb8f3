/** The host that the numbers are of, and whether it was left alone. */
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

import { run } from '../../builder/kit/command.ts';
import type { Context } from '../../builder/kit/context.ts';
import { detectAcceleration } from '../../builder/vm/accel.ts';

export interface Host {
  cores: number;
  cpu: string;
  memoryBytes: number;
  acceleration: 'kvm' | 'tcg';
  qemu: string;
  node: string;
  /** Of the last minute, when the benchmarks started. */
  loadAtStart: number;
}

/** More than this many processes at work before we start: the numbers are of a host that is shared. */
const IDLE_LOAD = 0.5;

export async function describeHost(ctx: Context): Promise<Host> {
  const loadAtStart = loadavg()[0] ?? 0;
  const qemu = (await run(ctx, 'qemu-img', ['--version'], { quiet: true })).stdout.split('\n')[0] ?? '';
  return {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model ?? 'unknown',
    memoryBytes: totalmem(),
    acceleration: (await detectAcceleration(ctx)).kind,
    qemu: /\d+\.\d+(\.\d+)?/.exec(qemu)?.[0] ?? qemu,
    node: process.versions.node,
    loadAtStart,
  };
}

export function isBusy(host: Host): boolean {
  return host.loadAtStart > IDLE_LOAD;
}

/** One line above the tables. */
export function hostLine(host: Host): string {
  const memory = Math.round(host.memoryBytes / 2 ** 30);
  const guests = host.acceleration === 'kvm' ? 'KVM' : 'no hardware virtualisation';
  const load = isBusy(host) ? `; **the host was busy** (load ${host.loadAtStart.toFixed(1)}), so times do not count` : '';
  return `${host.cores} cores (${host.cpu}), ${memory} GiB, ${guests}, QEMU ${host.qemu}, Node ${host.node}${load}`;
}
