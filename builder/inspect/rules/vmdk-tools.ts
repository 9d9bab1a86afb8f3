import type { Rule } from '../rule.ts';

export const vmdkTools: Rule = {
  name: 'vmdk-tools',
  severity: 'warning',
  scope: 'disk',
  demand: 'The descriptor says that open-vm-tools are inside.',
  check: ({ path, descriptor }) =>
    descriptor === undefined || (descriptor.values.get('ddb.toolsInstallType') === '4' && descriptor.values.has('ddb.toolsVersion'))
      ? []
      : [
          {
            message: 'vCenter will show "Tools not installed" until the first boot',
            where: { file: path },
            remedy: 'Set ddb.toolsInstallType = "4" and ddb.toolsVersion = "2147483647".',
          },
        ],
};
