/** The way most people use Packer: boot a base image, install the packages inside, convert what comes out. */
import { copyFile, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

import type { Cleanup } from '../../../builder/kit/cleanup.ts';
import type { Context } from '../../../builder/kit/context.ts';
import { ExitCode, ToolError, UserError } from '../../../builder/kit/errors.ts';
import { readIfExists } from '../../../builder/kit/files.ts';
import { sha256File } from '../../../builder/kit/hash.ts';
import { smbiosCredential, tmpfilesLines } from '../../../builder/stages/bake/credential.ts';
import { endMachine } from '../../../builder/stages/bake/kept-machine.ts';
import type { DiskOutput } from '../../../builder/stages/disk.ts';
import { initialisePacker, packerBuild } from '../../../builder/tools/packer/build.ts';
import { templateText } from '../../../builder/tools/packer/template.ts';
import { packerVersion } from '../../../builder/tools/packer/version.ts';
import { createOverlay } from '../../../builder/tools/qemu-img.ts';
import { freePort } from '../../../builder/vm/ports.ts';
import type { Acceleration } from '../../../builder/vm/spec.ts';
import { oneTimeKey } from '../../../builder/vm/ssh.ts';
import { type Timed, timed } from '../measure.ts';
import { classicOva, classicQcow2 } from './convert.ts';
import { serve } from './server.ts';
import { classicTemplate, installScript, WORK } from './template.ts';

export interface ClassicInput {
  base: DiskOutput;
  /** Flat repository, and what to install from it. */
  repository: string;
  requested: readonly string[];
  acceleration: Acceleration;
  /** Empty; gets `classic.ova` and `classic.qcow2`. */
  folder: string;
}

/** Seconds of each part, by its name, in order. */
export type Steps = { step: string; seconds: number }[];

const NAME = 'classic';
/** As in our own bake. Seconds, on hardware virtualisation. */
const SSH_TIMEOUT = 90;
const BAKE_TIMEOUT = 45 * 60;
const TAIL = 40;

/** Makes everything ready, then runs it with the clock on: Packer, qemu-img twice, sha256sum, tar. */
export async function classicBake(input: ClassicInput, ctx: Context, cleanup: Cleanup): Promise<Timed<Steps>> {
  const { folder } = input;
  const version = await packerVersion(ctx);
  const port = await serve(input.repository, cleanup);
  await fillFolder(input, port, version.plugins, ctx);
  const work = { path: folder, pidFile: join(folder, WORK.pid) };
  cleanup.add('virtual machine of the classic bake', () => endMachine(work));
  const template = join(folder, WORK.template);
  await initialisePacker(ctx, { template, version, log: join(folder, WORK.log) });

  return await timed(ctx, async () => {
    const clock = new Clock();
    await runPacker(input, version, clock, ctx);
    const disk = { path: join(folder, WORK.output, WORK.disk), format: 'qcow2' };
    ctx.events.progress('classic: qemu-img to qcow2');
    await classicQcow2(ctx, disk, join(folder, `${NAME}.qcow2`));
    clock.lap('qemu-img to qcow2');
    ctx.events.progress('classic: qemu-img to VMDK, sha256sum, tar');
    await classicOva(ctx, disk, NAME, folder);
    clock.lap('qemu-img to VMDK, sha256sum, tar');
    return clock.steps;
  });
}

/** Splits one stretch of time into named parts. */
class Clock {
  readonly steps: Steps = [];
  #last = performance.now();

  lap(step: string): void {
    const now = performance.now();
    this.steps.push({ step, seconds: (now - this.#last) / 1000 });
    this.#last = now;
  }
}

async function runPacker(input: ClassicInput, version: { text: string; plugins: boolean }, clock: Clock, ctx: Context): Promise<void> {
  const { folder, acceleration } = input;
  const lines: string[] = [];
  ctx.events.progress('classic: booting the base');
  try {
    await packerBuild(ctx, {
      template: join(folder, WORK.template),
      version,
      onError: 'cleanup',
      log: join(folder, WORK.log),
      timeout: BAKE_TIMEOUT * acceleration.timeoutFactor,
      onMark: ({ mark }) => clock.lap(mark === 'started' ? 'Packer: boot to SSH' : 'Packer: apt-get install'),
      onMessage: ({ kind, text }) => {
        if (kind !== 'other') lines.push(text);
        ctx.events.emit({ type: 'output', source: 'packer', line: text });
        if (/^(Unpacking|Setting up) /.test(text)) ctx.events.progress(`classic: ${text.split(' (')[0]}`);
      },
    });
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    const console = ((await readIfExists(join(folder, WORK.serial))) ?? '').trimEnd().split('\n');
    throw new UserError('Packer failed on the classic side', {
      exitCode: ExitCode.bake,
      why: console.at(-1)?.trim() ?? 'the console stayed silent',
      excerpt: { title: 'Packer', lines: lines.slice(-TAIL) },
      cause: error,
    });
  }
  clock.lap('Packer: power-off');
}

async function fillFolder(input: ClassicInput, port: number, plugins: boolean, ctx: Context): Promise<void> {
  const { folder, base, acceleration } = input;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await copyFile(base.kernel, join(folder, WORK.kernel));
  await copyFile(base.initrd, join(folder, WORK.initrd));
  await writeFile(join(folder, WORK.script), installScript(input.requested, port));
  await createOverlay(ctx, { path: base.disk, format: 'raw' }, join(folder, WORK.base));
  const login = await oneTimeKey(ctx, folder, WORK.key);
  const host = await oneTimeKey(ctx, folder, 'host-key');
  const keys = { authorizedKey: login.publicKey, hostKey: await readFile(host.file, 'utf8') };
  const template = classicTemplate({
    acceleration,
    cpus: Math.min(availableParallelism(), 4),
    memoryMiB: 2048,
    diskBytes: (await stat(base.disk)).size,
    baseSha256: await sha256File(join(folder, WORK.base)),
    rootUuid: base.rootUuid,
    credential: smbiosCredential('tmpfiles.extra', tmpfilesLines(keys)),
    sshPort: await freePort(),
    sshTimeoutSeconds: Math.ceil(SSH_TIMEOUT * acceleration.timeoutFactor),
  });
  await writeFile(join(folder, WORK.template), templateText(template, plugins), { mode: 0o600 });
}
