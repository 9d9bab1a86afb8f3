import { SECTOR } from '../../formats/vmdk/layout.ts';
import { attribute } from '../ovf.ts';
import type { Finding, Rule } from '../rule.ts';
import { isSparse } from '../sparse-header.ts';

export const ovfCapacity: Rule = {
  name: 'ovf-capacity',
  severity: 'error',
  scope: 'descriptor',
  demand: 'ovf:capacity of a Disk is its virtual size, in bytes.',
  check: (ovf, subject) =>
    ovf.disks().flatMap(({ element, id, fileRef }) => {
      const text = attribute(element, 'capacity') ?? '';
      const units = attribute(element, 'capacityAllocationUnits') ?? 'byte';
      const finding = (message: string, remedy: string): Finding => ({ message, where: ovf.where(element), remedy });
      if (!/^[1-9]\d*$/.test(text)) return [finding(`Disk ${id} has the capacity ${JSON.stringify(text)}`, 'Give it in bytes.')];
      if (units !== 'byte')
        return [
          {
            ...finding(`Disk ${id} gives its capacity in ${units}`, 'Give it in bytes: some importers read nothing else.'),
            severity: 'warning' as const,
          },
        ];
      const href = ovf.files().find((file) => file.id === fileRef)?.href;
      const disk = subject.disks.find(({ name }) => name === href);
      if (disk === undefined || !isSparse(disk.header) || disk.header.capacity * SECTOR === Number(text)) return [];
      return [
        finding(
          `Disk ${id} has ${disk.header.capacity * SECTOR} bytes; ovf:capacity says ${text}`,
          `Set ovf:capacity="${disk.header.capacity * SECTOR}".`,
        ),
      ];
    }),
};
