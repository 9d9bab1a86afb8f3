import { ResourceType } from '../ovf.ts';
import type { Finding, Rule } from '../rule.ts';

const KNOWN = {
  scsi: ['VirtualSCSI', 'lsilogic', 'lsilogicsas', 'buslogic'],
  sata: ['vmware.sata.ahci', 'vmware.nvme.controller'],
} as const satisfies Record<string, readonly string[]> as Record<'scsi' | 'sata', readonly string[]>;

/** Name and first hardware version of the controllers that not every version has. */
const SINCE: Record<string, { name: string; version: number } | undefined> = {
  'vmware.sata.ahci': { name: 'AHCI', version: 10 },
  'vmware.nvme.controller': { name: 'NVMe', version: 13 },
};

export const ovfController: Rule = {
  name: 'ovf-controller',
  severity: 'error',
  scope: 'descriptor',
  demand: 'Disk controllers are spelled as VMware spells them, and exist at the hardware version.',
  check: (ovf) => {
    const version = ovf.hardwareVersion();
    if (version === undefined) return [];
    return ovf
      .items()
      .filter(({ type }) => type === ResourceType.scsi || type === ResourceType.sata)
      .flatMap(({ element, type, subType }) => {
        const known = KNOWN[type === ResourceType.scsi ? 'scsi' : 'sata'];
        const finding = (message: string, remedy: string): Finding => ({ message, where: ovf.where(element), remedy });
        if (!known.includes(subType ?? ''))
          return [
            finding(
              `The controller ${subType ?? 'without a ResourceSubType'} is unknown to VMware`,
              `Take one of: ${known.join(', ')}; upper and lower case count.`,
            ),
          ];
        const since = SINCE[subType ?? ''];
        if (since === undefined || since.version <= version) return [];
        return [
          finding(
            `${since.name} is there from vmx-${since.version} on, and this is vmx-${version}`,
            `Take vmx-${since.version} or later, or pvscsi.`,
          ),
        ];
      });
  },
};
