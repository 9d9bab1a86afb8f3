import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { bootFiles, menuTitle, writeBootFiles } from '../../../../builder/stages/disk/boot-files.ts';
import { diskLayout } from '../../../../builder/stages/disk/layout.ts';

const layout = diskLayout(2 ** 32, 'seed');
const request = { layout, kernelVersion: '6.12.1-amd64', title: "Sphere's unit" };

describe('bootFiles', () => {
  it('boots the kernel by the UUID of the root, with both consoles', async () => {
    const cfg = (await bootFiles(request))['/boot/grub/grub.cfg'];
    expect(cfg).toContain(
      `linux\t/boot/vmlinuz-6.12.1-amd64 root=UUID=${layout.rootUuid} ro console=tty0 console=ttyS0,115200n8 no_timer_check systemd.ssh_auto=no`,
    );
    expect(cfg).toContain('initrd\t/boot/initrd.img-6.12.1-amd64');
    expect(cfg).toContain(`search --no-floppy --fs-uuid --set=root ${layout.rootUuid}`);
  });

  it('mounts by UUID, the EFI partition only on demand', async () => {
    const fstab = (await bootFiles(request))['/etc/fstab'] ?? '';
    expect(fstab).toMatch(new RegExp(`^UUID=${layout.rootUuid} / ext4`, 'm'));
    expect(fstab).toMatch(/^UUID=[0-9A-F]{4}-[0-9A-F]{4} \/boot\/efi vfat umask=0077,noauto,x-systemd.automount/m);
  });

  it('leaves update-grub with the same arguments, in a file that sh can read', async () => {
    const text = (await bootFiles(request))['/etc/default/grub'] ?? '';
    const file = join(mkdtempSync(join(tmpdir(), 'unitsmith-test-')), 'grub');
    writeFileSync(file, text);
    const shown = execFileSync('sh', ['-c', '. "$1"; printf "%s|%s" "$GRUB_CMDLINE_LINUX" "$GRUB_DISTRIBUTOR"', 'sh', file], {
      encoding: 'utf8',
    });
    expect(shown).toBe('console=tty0 console=ttyS0,115200n8 no_timer_check systemd.ssh_auto=no|Spheres unit');
  });
});

it.each([
  ['Sphere BPMS', 'Sphere BPMS'],
  ['a "b" $c \\d', 'a b c d'],
  ['セル', 'Unit'],
])('menuTitle(%j)', (title, expected) => {
  expect(menuTitle(title)).toBe(expected);
});

it('writes the files and the mount point', async () => {
  const root = mkdtempSync(join(tmpdir(), 'unitsmith-test-'));
  await writeBootFiles(request, root);
  expect(readFileSync(join(root, 'etc/fstab'), 'utf8')).toContain(layout.rootUuid);
  expect(statSync(join(root, 'boot/efi')).isDirectory()).toBe(true);
});
