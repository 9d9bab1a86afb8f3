/** From a disk to artefacts with the usual programs: qemu-img, sha256sum and tar. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { run } from '../../../builder/kit/command.ts';
import type { Context } from '../../../builder/kit/context.ts';

/** Stands in for a hand-written OVF: its few kilobytes cost nobody any time. */
const OVF = '<?xml version="1.0" encoding="UTF-8"?>\n<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1"/>\n';

/** Writes `folder`/NAME.ova from `disk` as scripts do everywhere. */
export async function classicOva(ctx: Context, disk: { path: string; format: string }, name: string, folder: string): Promise<string> {
  const vmdk = `${name}-disk1.vmdk`;
  const streamOptimized = ['-O', 'vmdk', '-o', 'subformat=streamOptimized'];
  await run(ctx, 'qemu-img', ['convert', '-f', disk.format, ...streamOptimized, disk.path, join(folder, vmdk)]);
  await writeFile(join(folder, `${name}.ovf`), OVF);
  await run(ctx, 'sha256sum', ['--tag', `${name}.ovf`, vmdk], { cwd: folder, stdoutFile: join(folder, `${name}.mf`) });
  await run(ctx, 'tar', ['--format=ustar', '-cf', `${name}.ova`, `${name}.ovf`, `${name}.mf`, vmdk], { cwd: folder });
  return join(folder, `${name}.ova`);
}

/** Writes a compressed qcow2, by the command of qemu-img's own manual. */
export async function classicQcow2(ctx: Context, disk: { path: string; format: string }, target: string): Promise<void> {
  await run(ctx, 'qemu-img', ['convert', '-c', '-f', disk.format, '-O', 'qcow2', disk.path, target]);
}
