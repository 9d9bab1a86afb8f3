/** Everything that Packer needs, in one folder: run from there, the template works by hand too. */
import { copyFile, cp, link, mkdir, readdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';

import type { Cleanup } from '../../kit/cleanup.ts';
import type { Context } from '../../kit/context.ts';
import { ExitCode, UserError } from '../../kit/errors.ts';
import { readIfExists, temporaryBeside } from '../../kit/files.ts';
import { sha256File } from '../../kit/hash.ts';
import { templatePath } from '../../kit/paths.ts';
import { templateText } from '../../tools/packer/template.ts';
import type { PackerVersion } from '../../tools/packer/version.ts';
import { createOverlay } from '../../tools/qemu-img.ts';
import { oneTimeKey, type SshTarget } from '../../vm/ssh.ts';
import type { BakeInput } from '../bake.ts';
import { tmpfilesLines } from './credential.ts';
import { listScripts } from './scripts.ts';
import { type BakeTemplate, bakeTemplate, WORK } from './template.ts';

/** The guest installs nothing and starts little; more would only be missing on the host. */
export const BAKE_MEMORY_MIB = 1536;
const MOST_CPUS = 4;

export interface WorkFolder {
  path: string;
  template: string;
  serial: string;
  pidFile: string;
  log: string;
  disk: string;
  ssh: SshTarget;
}

/** Fills `path` (which exists). */
export async function fillWorkFolder(
  ctx: Context,
  input: BakeInput,
  path: string,
  machine: { version: PackerVersion } & Pick<BakeTemplate, 'acceleration' | 'sshTimeoutSeconds' | 'sshPort' | 'communicatorPort'>,
): Promise<WorkFolder> {
  const scripts = await listScripts(input.image.folder);
  await copyInputs(ctx, input, path, scripts);
  const login = await oneTimeKey(ctx, path, WORK.key);
  const host = await oneTimeKey(ctx, path, 'host-key');
  const { acceleration, sshTimeoutSeconds, sshPort, communicatorPort } = machine;
  const template = bakeTemplate({
    image: { name: input.image.definition.name, version: input.image.definition.version },
    acceleration,
    cpus: Math.min(availableParallelism(), MOST_CPUS),
    memoryMiB: BAKE_MEMORY_MIB,
    diskBytes: (await stat(input.disk.disk)).size,
    overlaySha256: await sha256File(join(path, WORK.overlay)),
    rootUuid: input.disk.rootUuid,
    tmpfiles: tmpfilesLines({ authorizedKey: login.publicKey, hostKey: await readFile(host.file, 'utf8') }),
    sshPort,
    communicatorPort,
    sshTimeoutSeconds,
    scripts: scripts.map(({ name }) => name),
  });
  await rm(host.file);
  await rm(`${host.file}.pub`);
  await writeFile(join(path, WORK.template), templateText(template, machine.version.plugins), { mode: 0o600 });
  return {
    path,
    template: join(path, WORK.template),
    serial: join(path, WORK.serial),
    pidFile: join(path, WORK.pid),
    log: join(path, WORK.log),
    disk: join(path, WORK.output, WORK.disk),
    ssh: { user: 'root', port: sshPort, keyFile: login.file },
  };
}

async function copyInputs(ctx: Context, input: BakeInput, path: string, scripts: readonly { name: string; path: string }[]): Promise<void> {
  await placeFile(input.disk.kernel, join(path, WORK.kernel));
  await placeFile(input.disk.initrd, join(path, WORK.initrd));
  await placeFile(input.payload, join(path, WORK.payload));
  await cp(templatePath('packer'), join(path, WORK.own), { recursive: true });
  await mkdir(join(path, WORK.scripts));
  for (const script of scripts) await copyFile(script.path, join(path, WORK.scripts, script.name));
  await createOverlay(ctx, { path: input.disk.disk, format: 'raw' }, join(path, WORK.overlay));
}

/** A second name where the file system allows it, else a copy. */
async function placeFile(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch {
    await copyFile(from, to);
  }
}

const README_FILE = 'README.txt';
const FIRST_LINE = 'This folder holds one bake as Packer runs it.';
const README = `${FIRST_LINE}

    cd FOLDER
    packer build ${WORK.template}          (from Packer 1.7 on: packer init ${WORK.template} first)

The result is ${WORK.output}/${WORK.disk}; the guest's console goes to ${WORK.serial}. ${WORK.overlay} holds what
differs from the prepared disk in the builder's cache, which must still be there. The keys are for this folder only.
Packer 1.6 was used to test this template; later versions take the same options from the plugin that it names.
`;

/** All that a kept template consists of; what Packer adds in a run by hand is the user's. */
const TEMPLATE_FILES: ReadonlySet<string> = new Set([
  ...[WORK.template, WORK.overlay, WORK.kernel, WORK.initrd, WORK.payload, WORK.scripts, WORK.own, WORK.key],
  `${WORK.key}.pub`,
  README_FILE,
]);

/** @throws UserError(usage) where `target` is there and is neither an empty folder nor a template of ours with nothing else in it. */
export async function refuseTaken(target: string): Promise<void> {
  let names: string[];
  try {
    names = await readdir(target);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return;
    if (code === 'ENOTDIR') throw taken(target, 'it is not a folder');
    throw error;
  }
  if (names.length === 0) return;
  const ours = names.includes(README_FILE) && (await readIfExists(join(target, README_FILE)))?.startsWith(FIRST_LINE);
  if (!ours) throw taken(target, 'it holds files that are no earlier template');
  const foreign = names.filter((name) => !TEMPLATE_FILES.has(name));
  if (foreign.length > 0) throw taken(target, `beside an earlier template it holds ${foreign.join(', ')}`);
}

function taken(target: string, why: string): UserError {
  return new UserError(`The template cannot be kept in ${target}`, {
    exitCode: ExitCode.usage,
    why: `${why}, and would be removed`,
    remedies: ['name a folder that is empty or not there yet: --keep-template FOLDER'],
  });
}

/** A copy of a work folder in which Packer did not run yet, for the user. @throws UserError(usage) as `refuseTaken` */
export async function keepTemplate(path: string, target: string, cleanup: Cleanup): Promise<void> {
  await refuseTaken(target);
  const real = await realpath(target).catch(() => target);
  await mkdir(dirname(real), { recursive: true });
  const partial = temporaryBeside(real);
  cleanup.add(`unfinished copy ${partial}`, () => rm(partial, { recursive: true, force: true }));
  await cp(path, partial, { recursive: true, errorOnExist: true });
  await writeFile(
    join(partial, README_FILE),
    README.replace('FOLDER', () => target),
  );
  await rm(real, { recursive: true, force: true });
  await rename(partial, real);
}
