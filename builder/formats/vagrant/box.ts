/**
 * Vagrant boxes (developer.hashicorp.com/vagrant/docs/boxes/format): the disk as every other format has it, and beside it a
 * cloud-init seed with Vagrant's insecure public key, which the box's Vagrantfile attaches as a CD. Whoever takes the disk
 * without the seed has no key in it.
 */
import { readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import handlebars from 'handlebars';

import type { Cleanup } from '../../kit/cleanup.ts';
import type { Context } from '../../kit/context.ts';
import { templatePath } from '../../kit/paths.ts';
import { makeIso, NOCLOUD_LABEL } from '../../tools/iso.ts';
import type { WrittenFile } from '../format.ts';
import { type OvfDisk, ovfDescriptor } from '../ova/descriptor.ts';
import { OVF_DEFAULTS, type OvfOptions } from '../ova/options.ts';
import { type TarMember, writeTar } from '../tar-file.ts';

const PROVIDERS = ['libvirt', 'virtualbox'] as const;
export type Provider = (typeof PROVIDERS)[number];

/** The licence agreement in a box, which its descriptor must not ask to be accepted. */
const EULA = 'EULA.txt';

export interface BoxRequest {
  provider: Provider;
  /** The disk as the provider takes it: a qcow2 for libvirt, a streamOptimized VMDK for VirtualBox. */
  disk: { file: string; fileName: string } & Pick<OvfDisk, 'capacity' | 'populated'>;
  ovf: OvfOptions;
  mtime: Date;
  target: string;
}

/** @throws UserError(host) without xorriso */
export async function writeBox(request: BoxRequest, ctx: Context, cleanup: Cleanup): Promise<WrittenFile> {
  const seed = await makeIso(ctx, NOCLOUD_LABEL, seedFiles(request.ovf.name), cleanup, request.mtime);
  const { size } = await stat(request.disk.file);
  const members: TarMember[] = [
    ...texts(request, size),
    ...(request.ovf.eula === undefined ? [] : [{ name: EULA, text: request.ovf.eula }]),
    { name: 'seed.iso', file: seed, size: (await stat(seed)).size },
    { name: diskName(request), file: request.disk.file, size },
  ];
  return await writeTar(request.target, members, request.mtime, ctx, cleanup);
}

/** vagrant-libvirt wants this very name. */
function diskName({ provider, disk }: BoxRequest): string {
  return provider === 'libvirt' ? 'box.img' : disk.fileName;
}

function texts({ provider, disk, ovf }: BoxRequest, size: number): TarMember[] {
  const vagrantfile = { name: 'Vagrantfile', text: render('Vagrantfile.hbs', { ...ovf, libvirt: provider === 'libvirt' }) };
  if (provider === 'libvirt') {
    const metadata = { provider, format: 'qcow2', virtual_size: Math.ceil(disk.capacity / 2 ** 30) };
    return [json('metadata.json', metadata), vagrantfile];
  }
  // VBoxManage refuses an EulaSection unless told to accept it, which Vagrant does not tell it. Nor does it ask for properties.
  const { eula: _, ...unasked } = { ...ovf, properties: [] };
  const descriptor = ovfDescriptor(
    { fileName: disk.fileName, size, capacity: disk.capacity, populated: disk.populated },
    // The Vagrantfile attaches the seed: no other drive.
    { ...unasked, ...OVF_DEFAULTS, profile: 'virtualbox', cdrom: false },
  );
  return [json('metadata.json', { provider }), vagrantfile, { name: 'box.ovf', text: descriptor }];
}

function seedFiles(name: string): Record<string, string> {
  return { 'meta-data': `instance-id: vagrant\nlocal-hostname: ${name}\n`, 'user-data': boxUserData() };
}

/** What every box's seed says to cloud-init. */
export function boxUserData(): string {
  return readFileSync(templatePath('vagrant', 'user-data'), 'utf8');
}

function render(template: string, values: object): string {
  const text = readFileSync(templatePath('vagrant', template), 'utf8');
  return handlebars.compile(text, { strict: true, noEscape: true })(values);
}

function json(name: string, data: object): TarMember {
  return { name, text: `${JSON.stringify(data, null, 2)}\n` };
}
