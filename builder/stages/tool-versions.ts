/** Versions of the outside programs that decide what comes out: recorded with each stage's output, for the provenance. */
import { run } from '../kit/command.ts';
import type { Context } from '../kit/context.ts';
import { packerVersion } from '../tools/packer/version.ts';

const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  mmdebstrap: ['mmdebstrap', '--version'],
  mke2fs: ['mke2fs', '-V'],
  'qemu-img': ['qemu-img', '--version'],
  'qemu-system-x86_64': ['qemu-system-x86_64', '--version'],
};

/** The stage in which a program decides what is in the image. */
const STAGE: Readonly<Record<string, string>> = {
  mmdebstrap: 'rootfs',
  mke2fs: 'disk',
  'qemu-img': 'bake',
  'qemu-system-x86_64': 'bake',
  packer: 'bake',
};
/** Of an output that an earlier builder made, which recorded none. */
const UNKNOWN = 'unknown';

/**
 * Program to its version when what is in the image was made: an output from the cache may be older than the programs of today.
 * @param recorded stage to what was recorded with its output
 */
export function toolsBehind(recorded: Readonly<Record<string, Readonly<Record<string, string>>>>): Record<string, string> {
  return Object.fromEntries(Object.entries(STAGE).map(([program, stage]) => [program, recorded[stage]?.[program] ?? UNKNOWN]));
}

/** Program to version number, as they are on this machine now. */
export async function toolVersions(ctx: Context): Promise<Record<string, string>> {
  const entries = Object.entries(COMMANDS).map(async ([name, [program = name, ...args]]) => {
    const { stdout, stderr } = await run(ctx, program, args, { quiet: true, timeout: 60 });
    return [name, /\d+(\.\d+)+/.exec(`${stdout}\n${stderr}`)?.[0] ?? UNKNOWN] as const;
  });
  const packer = packerVersion(ctx).then(({ text }) => ['packer', text] as const);
  return Object.fromEntries(await Promise.all([...entries, packer]));
}
