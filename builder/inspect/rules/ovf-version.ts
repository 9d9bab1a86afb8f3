import { OVF_NAMESPACE } from '../ovf.ts';
import type { Rule } from '../rule.ts';
import { descriptorNamespace } from '../subject.ts';

export const ovfVersion: Rule = {
  name: 'ovf-version',
  severity: 'error',
  scope: 'file',
  demand: 'The descriptor is OVF 1.x: other versions are refused.',
  check: ({ descriptor }) => {
    if (descriptor === undefined || !('root' in descriptor.content)) return [];
    const namespace = descriptorNamespace(descriptor.content.root);
    return namespace === OVF_NAMESPACE
      ? []
      : [
          {
            message: `The root element is of ${namespace ?? 'no OVF namespace'}`,
            where: { file: descriptor.path },
            remedy: `Take an Envelope of ${OVF_NAMESPACE}.`,
          },
        ];
  },
};
