import { mebibytesOf } from '../definition/definition.ts';
import { loadImage } from '../definition/load.ts';
import type { Context } from '../kit/context.ts';

/** Of a machine where the image is not known. */
export const USUAL_SIZE = { cpus: 2, memoryMiB: 2048 };

/** What was asked for, else what the image's definition offers importers, where it is here and valid. */
export async function machineSize(
  ctx: Context,
  image: string | undefined,
  { cpus, memory }: { cpus?: number; memory?: number },
): Promise<{ cpus: number; memoryMiB: number }> {
  // A definition that is being changed does not keep its last bake from booting.
  const loaded = image === undefined ? undefined : await loadImage(image, ctx).catch(() => undefined);
  const hardware = loaded?.definition.hardware;
  const own = hardware === undefined ? USUAL_SIZE : { cpus: hardware.cpus, memoryMiB: mebibytesOf(hardware.memory) };
  return { cpus: cpus ?? own.cpus, memoryMiB: memory ?? own.memoryMiB };
}
