/** What a disk needs to boot and mount itself, written natively: update-grub in an emulated guest takes a minute. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import Handlebars from 'handlebars';

import { templatePath } from '../../kit/paths.ts';
import type { DiskLayout } from './layout.ts';

/**
 * Kernel messages on the screen and on the serial line; the last one named is /dev/console. `no_timer_check`: the kernel
 * counts ticks while it spins, and panics ("IO-APIC + timer doesn't work") where an emulated machine gets too few of them on
 * a busy host. Under KVM and VMware it leaves the check out by itself. kernel-parameters.txt. `systemd.ssh_auto`: no sshd on
 * sockets of the hypervisor, which nobody asked for; where there are none each reload says so on the console
 * (systemd-ssh-generator(8)).
 */
const KERNEL_ARGUMENTS = 'console=tty0 console=ttyS0,115200n8 no_timer_check systemd.ssh_auto=no';

export interface BootFilesRequest {
  layout: DiskLayout;
  kernelVersion: string;
  /** Title of the boot menu's entry; anything but printable ASCII is left out, for GRUB's own font has no more. */
  title: string;
}

/** Path on the unit to content. */
export async function bootFiles(request: BootFilesRequest): Promise<Record<string, string>> {
  const { layout, kernelVersion } = request;
  const values = {
    rootUuid: layout.rootUuid,
    efiUuid: `${layout.efiVolumeId.slice(0, 4)}-${layout.efiVolumeId.slice(4)}`,
    kernelVersion,
    kernelArguments: KERNEL_ARGUMENTS,
    title: menuTitle(request.title),
    distributor: menuTitle(request.title).replaceAll("'", ''),
  };
  return {
    '/etc/fstab': await render('fstab.hbs', values),
    '/boot/grub/grub.cfg': await render('grub.cfg.hbs', values),
    '/etc/default/grub': await render('default-grub.hbs', values),
  };
}

/** Writes the files and the mount points below `root`, a folder that stands for `/`. */
export async function writeBootFiles(request: BootFilesRequest, root: string): Promise<void> {
  await mkdir(join(root, 'boot', 'efi'), { recursive: true });
  for (const [path, content] of Object.entries(await bootFiles(request))) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
}

/** GRUB expands $ and ends a string at a double quote; both are left out. */
export function menuTitle(title: string): string {
  const clean = title.replace(/[^\x20-\x7e]|["$\\`]/g, '').trim();
  return clean === '' ? 'Unit' : clean;
}

async function render(name: string, values: Record<string, string>): Promise<string> {
  const template = await readFile(templatePath('disk', name), 'utf8');
  return Handlebars.compile(template, { noEscape: true, strict: true })(values);
}
