import type { Finding, Rule } from '../rule.ts';

export const propertyInput: Rule = {
  name: 'property-input',
  severity: 'warning',
  scope: 'descriptor',
  demand: 'Every property can be filled in: it is userConfigurable and has a label.',
  check: (ovf) =>
    ovf.properties().flatMap(({ element, key, label, userConfigurable, value }) => {
      const finding = (message: string, remedy: string): Finding => ({ message, where: ovf.where(element), remedy });
      const findings: Finding[] = [];
      if (!userConfigurable && value === '')
        findings.push(finding(`${key} is empty and nobody is asked for it`, 'Set ovf:userConfigurable="true".'));
      if (userConfigurable && (label === undefined || label === '')) findings.push(finding(`${key} has no label`, 'Add a Label element.'));
      return findings;
    }),
};
