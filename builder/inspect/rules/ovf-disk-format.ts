import { attribute } from '../ovf.ts';
import type { Rule } from '../rule.ts';

const FORMAT = 'http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized';

export const ovfDiskFormat: Rule = {
  name: 'ovf-disk-format',
  severity: 'error',
  scope: 'descriptor',
  demand: 'Disks are declared as streamOptimized VMDK.',
  check: (ovf) =>
    ovf
      .disks()
      .filter(({ element }) => attribute(element, 'format') !== FORMAT)
      .map(({ element, id }) => ({
        message: `Disk ${id} is declared as ${attribute(element, 'format') ?? 'nothing'}`,
        where: ovf.where(element),
        remedy: `Set ovf:format="${FORMAT}".`,
      })),
};
