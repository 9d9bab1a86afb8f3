import { CLUSTER_PORT } from '../../../firstboot/contract/cluster.ts';
import { LATER_PORT } from '../../../firstboot/contract/setup.ts';
import { problemAt, type Rule } from './rule.ts';

export const portReserved: Rule = {
  name: 'port-reserved',
  severity: 'error',
  check(image) {
    const { ports, roles = {} } = image.definition;
    const leads = Object.values(roles).some(({ follows }) => follows !== undefined);
    const reserved: Readonly<Record<number, string>> = {
      [LATER_PORT]: 'the setup page until the unit is finalised',
      ...(leads ? { [CLUSTER_PORT]: 'the leader of those who follow it' } : {}),
    };
    return ports.flatMap(({ port, protocol }, index) => {
      const owner = (protocol ?? 'tcp') === 'tcp' ? reserved[port] : undefined;
      if (owner === undefined) return [];
      return [problemAt(image, `/ports/${index}/port`, `port ${port} belongs to ${owner}`, 'Choose another port.')];
    });
  },
};
