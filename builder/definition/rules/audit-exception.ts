import { nearest } from '../../../firstboot/settings/nearest.ts';
import { problemAt, type Rule } from './rule.ts';

export const auditException: Rule = {
  name: 'audit-exception',
  severity: 'error',
  check(image) {
    const { auditRules } = image;
    if (auditRules === undefined) return [];
    return (image.definition.audit?.except ?? []).flatMap(({ rule }, index) => {
      if (auditRules.includes(rule)) return [];
      const near = nearest(rule, auditRules);
      const suggestion = near === undefined ? `Rules: ${auditRules.join(', ')}.` : `Did you mean "${near}"?`;
      return [problemAt(image, `/audit/except/${index}/rule`, `the audit has no rule "${rule}"`, suggestion)];
    });
  },
};
