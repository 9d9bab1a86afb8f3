import type { Rule } from '../rule.ts';

export const ovfOptionalConfig: Rule = {
  name: 'ovf-optional-config',
  severity: 'error',
  scope: 'descriptor',
  demand: 'Every vmw:Config and vmw:ExtraConfig carries ovf:required="false".',
  check: (ovf) =>
    [...ovf.config('Config'), ...ovf.config('ExtraConfig')]
      .filter(({ required }) => required !== 'false')
      .map(({ element, key }) => ({
        message: `${key} is not marked as optional`,
        where: ovf.where(element),
        remedy: 'Add ovf:required="false".',
      })),
};
