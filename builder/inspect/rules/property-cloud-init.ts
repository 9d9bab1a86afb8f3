import type { Rule } from '../rule.ts';

/** DataSourceOVF's keys. */
const TAKEN = ['hostname', 'password'];

export const propertyCloudInit: Rule = {
  name: 'property-cloud-init',
  severity: 'warning',
  scope: 'descriptor',
  demand: 'No key is one that cloud-init takes for its own.',
  check: (ovf) =>
    ovf
      .properties()
      .filter(({ bareKey }) => TAKEN.includes(bareKey.toLowerCase()))
      .map(({ element, bareKey }) => ({
        message: `cloud-init takes the property ${bareKey} for its own`,
        where: ovf.where(element),
        remedy: `Give the key a prefix, such as unit.${bareKey}.`,
      })),
};
