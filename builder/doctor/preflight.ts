/** What must be there before a long run begins: a bake that fails after ten minutes for want of a program is a bug. */
import type { Context } from '../kit/context.ts';
import { ExitCode, type Problem, UserError } from '../kit/errors.ts';
import { type Finding, type HostCheck, remediesOf } from './check.ts';
import { firmwareCheck } from './checks/firmware.ts';
import { kindChecks } from './checks/kinds.ts';
import { subordinateIdsCheck, userNamespacesCheck } from './checks/namespaces.ts';
import { packerCheck } from './checks/packer.ts';
import { programChecks } from './checks/programs.ts';
import { cacheFolderCheck, lackOfMemory, lackOfSpace } from './checks/resources.ts';
import { examine, missingPackages } from './examine.ts';

const GIB = 2 ** 30;
/** QEMU itself, Packer and the builder beside the guest. */
const BESIDE_GUEST = 0.75 * GIB;
/** What boots machines and talks to them (`verify`, `try`). */
export const MACHINE_TOOLS = ['qemu-system-x86_64', 'qemu-img', 'ssh', 'ssh-keygen'] as const;
/** Packages, their root file system twice, and the disk before and after the bake; the disk's holes take no space. */
const CACHE_NEED = 6 * GIB;
const OUTPUT_NEED = 2 * GIB;

export interface BakeNeeds {
  /** Size of the system disk: an upper bound of what it can take. */
  diskBytes: number;
  /** Memory of the largest guest that will be run. */
  memoryBytes: number;
  /** Folder for the artefacts. */
  out: string;
  /** Artefacts will be booted with UEFI. */
  uefi: boolean;
  /** Kinds of the image's artifacts. */
  kinds: readonly string[];
  /** The image, as the command line names it. */
  image: string;
}

/** @throws UserError(host) naming everything that is lacking at once, each with the command that mends it. */
export async function preflight(ctx: Context, needs: BakeNeeds): Promise<void> {
  const cacheNeed = Math.min(CACHE_NEED, 2 * GIB + 2 * needs.diskBytes);
  const resources: HostCheck[] = [
    {
      name: 'disk-space',
      purpose: 'keeps results',
      look: () => lackOfSpace({ folder: ctx.cacheDir, bytes: cacheNeed, purpose: 'the cache', option: '--cache-dir' }),
    },
    {
      name: 'output-space',
      purpose: 'keeps artefacts',
      look: () => lackOfSpace({ folder: needs.out, bytes: OUTPUT_NEED, purpose: 'the artefacts', option: '--out' }),
    },
    { name: 'memory', purpose: 'runs guests', look: () => lackOfMemory(needs.memoryBytes + BESIDE_GUEST) },
  ];
  const some = [...(needs.uefi ? [firmwareCheck] : []), ...kindChecks(needs.kinds)];
  refuse(
    await examine(ctx, [...programChecks, packerCheck, ...some, subordinateIdsCheck, userNamespacesCheck, cacheFolderCheck, ...resources]),
    ` ${needs.image}`,
  );
}

/**
 * For commands that need only some programs (`pack`, `verify`, `try`).
 * @param names programs of checks/programs.ts, `packer` or `uefi-firmware`.
 * @throws UserError(host)
 */
export async function requireTools(names: readonly string[], ctx: Context): Promise<void> {
  const known = [...programChecks, packerCheck, firmwareCheck];
  const unknown = names.filter((name) => !known.some((check) => check.name === name));
  if (unknown.length > 0) throw new Error(`no check knows ${unknown.join(', ')}`);
  refuse(
    await examine(
      ctx,
      known.filter((check) => names.includes(check.name)),
    ),
  );
}

/** @param image what `doctor` is to look at as well */
function refuse(findings: readonly Finding[], image = ''): void {
  const errors = findings.filter((finding) => finding.severity === 'error');
  if (errors.length === 0) return;
  throw new UserError(errors.length === 1 ? 'This machine lacks something' : `This machine lacks ${errors.length} things`, {
    exitCode: ExitCode.host,
    problems: errors.map(toProblem),
    remedies: [...(missingPackages(errors).length > 0 ? [`install all Debian packages at once: unitsmith doctor --fix${image}`] : [])],
  });
}

/** A finding as reports and events have it. */
export function toProblem(finding: Finding): Problem {
  const remedies = remediesOf(finding);
  return { message: finding.message, ...(remedies.length === 0 ? {} : { suggestion: remedies.join('; ') }) };
}
