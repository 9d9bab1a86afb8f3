/** The machine that benchmarks boot: a new overlay of the disk, on the controllers that hurt least. */
import { randomUUID } from 'node:crypto';

import { mebibytesOf } from '../../builder/definition/definition.ts';
import type { Cleanup } from '../../builder/kit/cleanup.ts';
import type { Context } from '../../builder/kit/context.ts';
import { boot } from '../../builder/vm/boot.ts';
import type { Machine } from '../../builder/vm/machine.ts';
import { overlay } from '../../builder/vm/overlay.ts';
import type { MachineSpec } from '../../builder/vm/spec.ts';
import type { Lab } from './lab.ts';

type More = Partial<Pick<MachineSpec, 'cdroms' | 'credentials' | 'forwards'>> & { name: string; disk: string };

export async function bootMachine(lab: Lab, { disk, ...more }: More, ctx: Context, cleanup: Cleanup): Promise<Machine> {
  const { hardware } = (await lab.image()).definition;
  const spec = {
    firmware: 'bios',
    controller: 'virtio-scsi',
    nic: 'virtio',
    cpus: hardware.cpus,
    memoryMiB: mebibytesOf(hardware.memory),
    disk: await overlay(ctx, disk, cleanup),
    uuid: randomUUID(),
    ...more,
  } as const;
  return await boot(ctx, spec, await lab.acceleration(), cleanup);
}
