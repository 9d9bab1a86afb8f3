import { attribute, ResourceType } from '../ovf.ts';
import type { Finding, Rule } from '../rule.ts';

const KNOWN = ['vmxnet3', 'vmxnet2', 'vmxnet', 'e1000', 'e1000e', 'pcnet32'];

export const ovfNetwork: Rule = {
  name: 'ovf-network',
  severity: 'error',
  scope: 'descriptor',
  demand: 'A network adapter is of a known kind, and its Connection is a network of the NetworkSection.',
  check: (ovf) => {
    const networks = ovf.all('Network').map((element) => attribute(element, 'name'));
    return ovf
      .items()
      .filter(({ type }) => type === ResourceType.nic)
      .flatMap(({ element, connection, subType }) => {
        const findings: Finding[] = [];
        if (!networks.includes(connection))
          findings.push({
            message: `A network adapter is on ${connection ?? 'no network'}, which NetworkSection does not have`,
            where: ovf.where(element),
            remedy: 'Repeat the name of a Network exactly.',
          });
        if (ovf.hardwareVersion() !== undefined && !KNOWN.includes((subType ?? '').toLowerCase())) {
          findings.push({
            message: `The network adapter ${subType ?? 'without a ResourceSubType'} is unknown to VMware`,
            where: ovf.where(element),
            remedy: 'Take VmxNet3 or E1000.',
          });
        }
        return findings;
      });
  },
};
