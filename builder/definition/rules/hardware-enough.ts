import { bytesOf, type ImageDefinition } from '../definition.ts';
import { type ImageUnderCheck, problemAt, type Rule } from './rule.ts';

const MiB = 2 ** 20;
const GiB = 2 ** 30;
/** A unit with boot loaders, kernel, journal and room for an upgrade of its packages. */
const LEAST_DISK = 4 * GiB;
/** Below, systemd, the setup page and a package upgrade do not fit together. */
const LEAST_MEMORY = 512 * MiB;
/** Boot partitions and file system's own needs, and free room for logs and upgrades. */
const BESIDES = GiB;

/** What is known before the bake must fit: the stated size after installation, else what the image folder brings. */
export const hardwareEnough: Rule = {
  name: 'hardware-enough',
  severity: 'error',
  check(image) {
    const { hardware } = image.definition;
    const least = Math.max(LEAST_DISK, needed(image));
    const disk = bytesOf(hardware.disk);
    const memory = bytesOf(hardware.memory);
    return [
      ...(disk >= least
        ? []
        : [problemAt(image, '/hardware/disk', `a disk of ${hardware.disk} is too small`, `Give at least ${Math.ceil(least / GiB)} GiB.`)]),
      ...(memory >= LEAST_MEMORY
        ? []
        : [problemAt(image, '/hardware/memory', `${hardware.memory} of memory is too little`, `Give at least ${LEAST_MEMORY / MiB} MiB.`)]),
    ];
  },
};

function needed({ definition, entries }: ImageUnderCheck): number {
  const installed = definition.budget?.installed;
  if (installed !== undefined) return bytesOf(installed) + BESIDES;
  const carried = [...entries.values()].filter(({ path }) => path.startsWith('rootfs/') || isArtifact(definition, path));
  return carried.reduce((sum, { bytes }) => sum + bytes, 0) + 2 * GiB;
}

function isArtifact({ artifacts }: ImageDefinition, path: string): boolean {
  return Object.values(artifacts ?? {}).some(
    (artifact) => artifact.kind === 'file' && `${path}/`.startsWith(`${artifact.path.replace(/\/+$/, '')}/`),
  );
}
