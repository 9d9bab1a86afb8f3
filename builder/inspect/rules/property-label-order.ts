import type { Rule } from '../rule.ts';

export const propertyLabelOrder: Rule = {
  name: 'property-label-order',
  severity: 'info',
  scope: 'descriptor',
  demand: 'Labels sort as they stand: some clients sort them by text.',
  check: (ovf) => {
    const labelled = ovf.properties().filter(({ label, userConfigurable }) => label !== undefined && userConfigurable);
    const wrong = labelled.find(({ label }, index) => index > 0 && (label ?? '') < (labelled[index - 1]?.label ?? ''));
    if (wrong === undefined) return [];
    return [
      {
        message: `"${wrong.label}" sorts before the label above it`,
        where: ovf.where(wrong.element),
        remedy: 'Number the labels: 01, 02, 03.',
      },
    ];
  },
};
