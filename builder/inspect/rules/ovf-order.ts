import type { Element } from '@xmldom/xmldom';

import { children, type Ovf } from '../ovf.ts';
import type { Finding, Rule } from '../rule.ts';

const ENVELOPE = ['References', 'DiskSection', 'NetworkSection', 'VirtualSystem'];
const ENVELOPE_NEEDS = ['References', 'DiskSection', 'VirtualSystem'];
const SYSTEM = ['Info', 'Name', 'OperatingSystemSection', 'VirtualHardwareSection', 'AnnotationSection', 'EulaSection', 'ProductSection'];
const SYSTEM_NEEDS = ['Info', 'OperatingSystemSection', 'VirtualHardwareSection'];

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

function missing(ovf: Ovf, parent: Element, needed: readonly string[]): Finding[] {
  const present = children(parent).map(({ localName }) => localName);
  return needed
    .filter((name) => !present.includes(name))
    .map((name) => ({ message: `${parent.localName} has no ${name}`, where: ovf.where(parent), remedy: `Add ${name}.` }));
}

export const ovfOrder: Rule = {
  name: 'ovf-order',
  severity: 'error',
  scope: 'descriptor',
  demand: 'Sections are there, and stand in the order that importers expect.',
  check: (ovf) => {
    const system = ovf.first('VirtualSystem');
    const ofSystem = system === undefined ? [] : [...missing(ovf, system, SYSTEM_NEEDS), ...misplaced(ovf, system, SYSTEM)];
    return [...missing(ovf, ovf.root, ENVELOPE_NEEDS), ...misplaced(ovf, ovf.root, ENVELOPE), ...ofSystem];
  },
};
