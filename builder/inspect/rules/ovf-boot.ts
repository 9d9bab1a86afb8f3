import { firstGrain } from '../first-grain.ts';
import type { Rule } from '../rule.ts';

/** C12A7328-F81F-11D2-BA4B-00A0C93EC93B as it stands in a GUID partition table (UEFI specification, 5.3.3). */
const EFI_SYSTEM = Buffer.from('28732ac11ff8d211ba4b00a0c93ec93b', 'hex');

/** Either a GPT with an EFI system partition, or an MBR with one of type 0xEF. */
function hasEfiPartition(start: Buffer): boolean {
  if (start.toString('latin1', 512, 520) !== 'EFI PART') return [446, 462, 478, 494].some((entry) => start[entry + 4] === 0xef);
  const [count, size] = [start.readUInt32LE(512 + 80), start.readUInt32LE(512 + 84)];
  const table = start.subarray(1024, 1024 + Math.min(count, 128) * size);
  return Array.from({ length: Math.floor(table.length / size) }, (_, index) => table.subarray(index * size, index * size + 16)).some(
    (type) => type.equals(EFI_SYSTEM),
  );
}

export const ovfBoot: Rule = {
  name: 'ovf-boot',
  severity: 'error',
  scope: 'descriptor',
  demand: 'The first disk has what the firmware boots from.',
  check: async (ovf, subject) => {
    const firmware = ovf.config('Config').find(({ key }) => key === 'firmware');
    const disk = subject.disks[0];
    if (disk === undefined || !disk.isStream) return [];
    const start = await firstGrain(disk);
    if (start === undefined) return [];
    const where = firmware === undefined ? ovf.where(ovf.root) : ovf.where(firmware.element);
    if (firmware?.value === 'efi') {
      return hasEfiPartition(start)
        ? []
        : [
            {
              message: `The firmware is EFI, and ${disk.name} has no EFI system partition`,
              where,
              remedy: 'Add one with \\EFI\\BOOT\\BOOTX64.EFI, or set the firmware to bios.',
            },
          ];
    }
    return start.readUInt16LE(510) === 0xaa55 && start.subarray(0, 440).some((byte) => byte !== 0)
      ? []
      : [
          {
            message: `The firmware is BIOS, and the first sector of ${disk.name} holds no boot code`,
            where,
            remedy: 'Install a boot loader for BIOS, or set the firmware to efi.',
          },
        ];
  },
};
