import type { Rule } from '../rule.ts';

export const ovfExtraConfig: Rule = {
  name: 'ovf-extra-config',
  severity: 'warning',
  scope: 'descriptor',
  demand: "There is no ExtraConfig: keys off VMware's allow-list make the import fail or warn.",
  check: (ovf) =>
    ovf.config('ExtraConfig').map(({ element, key }) => ({
      message: `ExtraConfig ${key} may be refused`,
      where: ovf.where(element),
      remedy: 'Leave it out, or let the administrator set it after the import.',
    })),
};
