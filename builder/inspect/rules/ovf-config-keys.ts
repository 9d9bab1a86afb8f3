import type { Element } from '@xmldom/xmldom';
import type { Rule } from '../rule.ts';

const SEEN = ['firmware', 'bootOptions', 'tools', 'powerOpInfo', 'cpuHotAddEnabled', 'memoryHotAddEnabled'];

export const ovfConfigKeys: Rule = {
  name: 'ovf-config-keys',
  severity: 'info',
  scope: 'descriptor',
  demand: 'vmw:Config keys are those that were seen to work.',
  check: (ovf) =>
    ovf
      .config('Config')
      .filter(
        ({ element, key }) =>
          (element.parentNode as Element).localName === 'VirtualHardwareSection' &&
          !SEEN.some((known) => key === known || key.startsWith(`${known}.`)),
      )
      .map(({ element, key }) => ({
        message: `The key ${key} was not seen to work everywhere`,
        where: ovf.where(element),
        remedy: 'Leave it out unless the machine needs it.',
      })),
};
