/** Versions of the outside programs that decide what comes out: for the provenance. */
import { run } from '../kit/command.ts';
import type { Context } from '../kit/context.ts';
import { packerVersion } from '../tools/packer/version.ts';

const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  mmdebstrap: ['mmdebstrap', '--version'],
  mke2fs: ['mke2fs', '-V'],
  'qemu-img': ['qemu-img', '--version'],
  'qemu-system-x86_64': ['qemu-system-x86_64', '--version'],
};

/** Program to version number. */
export async function toolVersions(ctx: Context): Promise<Record<string, string>> {
  const entries = Object.entries(COMMANDS).map(async ([name, [program = name, ...args]]) => {
    const { stdout, stderr } = await run(ctx, program, args, { quiet: true, timeout: 60 });
    return [name, /\d+(\.\d+)+/.exec(`${stdout}\n${stderr}`)?.[0] ?? 'unknown'] as const;
  });
  const packer = packerVersion(ctx).then(({ text }) => ['packer', text] as const);
  return Object.fromEntries(await Promise.all([...entries, packer]));
}
