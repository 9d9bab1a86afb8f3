import { type HardwareItem, type Ovf, ResourceType } from '../ovf.ts';
import type { Finding, Rule } from '../rule.ts';

const CONTROLLERS: readonly number[] = [ResourceType.ide, ResourceType.scsi, ResourceType.sata];
/** A SCSI controller itself has this address on its bus. */
const SCSI_SELF = '7';

function repeated(ovf: Ovf, items: readonly HardwareItem[]): Finding[] {
  const finding = ({ element }: HardwareItem, message: string): Finding => ({
    message,
    where: ovf.where(element),
    remedy: 'Number the items and the places on each controller without repetition.',
  });
  return items.flatMap((item, index) => {
    const earlier = items.slice(0, index);
    if (earlier.some(({ instanceId }) => instanceId === item.instanceId))
      return [finding(item, `InstanceID ${item.instanceId} is there twice`)];
    if (item.parent === undefined || item.addressOnParent === undefined) return [];
    const taken = earlier.some(({ parent, addressOnParent }) => parent === item.parent && addressOnParent === item.addressOnParent);
    return taken ? [finding(item, `Two devices have the address ${item.addressOnParent} on controller ${item.parent}`)] : [];
  });
}

function homeless(ovf: Ovf, items: readonly HardwareItem[]): Finding[] {
  return items
    .filter(({ type }) => type === ResourceType.disk || type === ResourceType.cd)
    .flatMap(({ element, parent, addressOnParent }) => {
      const controller = items.find(({ type, instanceId }) => CONTROLLERS.includes(type) && instanceId === parent);
      if (controller === undefined)
        return [
          {
            message: `A drive is on controller ${parent ?? 'none'}, which is not there`,
            where: ovf.where(element),
            remedy: 'Let Parent be the InstanceID of a controller.',
          },
        ];
      if (controller.type !== ResourceType.scsi || addressOnParent !== SCSI_SELF) return [];
      return [
        {
          message: 'A drive has the address 7, which is that of the SCSI controller',
          where: ovf.where(element),
          remedy: 'Take another address from 0 to 15.',
        },
      ];
    });
}

export const ovfHardware: Rule = {
  name: 'ovf-hardware',
  severity: 'error',
  scope: 'descriptor',
  demand: 'The machine has processors, memory, and drives on controllers that are there, each in a place of its own.',
  check: (ovf) => {
    const items = ovf.items();
    const section = ovf.first('VirtualHardwareSection') ?? ovf.root;
    const findings: Finding[] = [];
    for (const [what, type] of [
      ['processors', ResourceType.cpu],
      ['memory', ResourceType.memory],
    ] as const) {
      if (!items.some((item) => item.type === type))
        findings.push({ message: `The machine has no ${what}`, where: ovf.where(section), remedy: `Add an Item of ResourceType ${type}.` });
    }
    return [...findings, ...repeated(ovf, items), ...homeless(ovf, items)];
  },
};
