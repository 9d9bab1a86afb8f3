import type { Element } from '@xmldom/xmldom';

import { OVF_NAMESPACE, type Ovf } from '../ovf.ts';
import type { Finding, Rule } from '../rule.ts';
import { descriptorNamespace } from '../subject.ts';

const OVF_2_NAMESPACE = 'http://schemas.dmtf.org/ovf/envelope/2';
/** What DSP0243 has had since 2.0. */
const OVF_2_ELEMENTS = [
  'StorageItem',
  'EthernetPortItem',
  'SharedDiskSection',
  'ScaleOutSection',
  'PlacementGroupSection',
  'PlacementSection',
  'EncryptionSection',
  'BootDeviceSection',
  'EnvironmentFilesSection',
];

function newerElements(ovf: Ovf): Element[] {
  return [...ovf.all('*', OVF_2_NAMESPACE), ...OVF_2_ELEMENTS.flatMap((name) => ovf.all(name))];
}

export const ovfVersion: Rule = {
  name: 'ovf-version',
  severity: 'error',
  scope: 'file',
  demand: 'The descriptor is OVF 1.x, without elements of OVF 2: other versions are refused.',
  check: ({ descriptor, ovf }): Finding[] => {
    if (descriptor === undefined || !('root' in descriptor.content)) return [];
    if (ovf === undefined) {
      return [
        {
          message: `The root element is of ${descriptorNamespace(descriptor.content.root) ?? 'no OVF namespace'}`,
          where: { file: descriptor.path },
          remedy: `Take an Envelope of ${OVF_NAMESPACE}.`,
        },
      ];
    }
    return newerElements(ovf).map((element) => ({
      message: `${element.localName} belongs to OVF 2`,
      where: ovf.where(element),
      remedy: 'Say it in OVF 1.1: drives and adapters are Items.',
    }));
  },
};
