import type { Element } from '@xmldom/xmldom';

import { children, type Ovf } from '../ovf.ts';
import type { Finding, Rule } from '../rule.ts';

const ENVELOPE = ['References', 'DiskSection', 'NetworkSection', 'VirtualSystem'];
const SYSTEM = ['Info', 'Name', 'OperatingSystemSection', 'VirtualHardwareSection', 'AnnotationSection', 'EulaSection', 'ProductSection'];

function misplaced(ovf: Ovf, parent: Element, order: readonly string[]): Finding[] {
  const present = children(parent).filter(({ localName }) => order.includes(localName ?? ''));
  return present.flatMap((element, index) => {
    const before = present[index - 1];
    if (before === undefined || order.indexOf(before.localName ?? '') <= order.indexOf(element.localName ?? '')) return [];
    return [
      {
        message: `${element.localName} stands behind ${before.localName}`,
        where: ovf.where(element),
        remedy: `Keep this order: ${order.join(', ')}.`,
      },
    ];
  });
}

export const ovfOrder: Rule = {
  name: 'ovf-order',
  severity: 'error',
  scope: 'descriptor',
  demand: 'Sections stand in the order that importers expect.',
  check: (ovf) => {
    const system = ovf.first('VirtualSystem');
    return [...misplaced(ovf, ovf.root, ENVELOPE), ...(system === undefined ? [] : misplaced(ovf, system, SYSTEM))];
  },
};
