import { attribute, ResourceType } from '../ovf.ts';
import type { Rule } from '../rule.ts';

export const propertyTransport: Rule = {
  name: 'property-transport',
  severity: 'error',
  scope: 'descriptor',
  demand: 'Where there are properties, VirtualHardwareSection says how they reach the guest.',
  check: (ovf) => {
    const section = ovf.first('VirtualHardwareSection');
    if (section === undefined || ovf.properties().length === 0 || ovf.hardwareVersion() === undefined) return [];
    const transports = (attribute(section, 'transport') ?? '').split(/\s+/);
    const where = ovf.where(section);
    if (!transports.includes('com.vmware.guestInfo'))
      return [
        {
          message: 'Properties never reach the guest: there is no transport com.vmware.guestInfo',
          where,
          remedy: 'Set ovf:transport="com.vmware.guestInfo iso".',
        },
      ];
    if (!transports.includes('iso') || ovf.items().some(({ type }) => type === ResourceType.cd)) return [];
    return [
      {
        message: 'The transport iso needs a CD drive, and there is none',
        where,
        remedy: 'Add an Item of ResourceType 15, or take iso out.',
      },
    ];
  },
};
