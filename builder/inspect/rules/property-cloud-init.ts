import type { Finding, Rule } from '../rule.ts';

/** Those of DataSourceOVF's keys that are words which a product may want; the rest (user-data, seedfrom...) mean cloud-init alone. */
const TAKEN = ['hostname', 'password'];

export const propertyCloudInit: Rule = {
  name: 'property-cloud-init',
  severity: 'warning',
  scope: 'descriptor',
  demand: 'No key is one that cloud-init takes for its own, and no instance-id is the same for every clone.',
  check: (ovf) =>
    ovf.properties().flatMap(({ element, bareKey, value }): Finding[] => {
      const where = ovf.where(element);
      if (TAKEN.includes(bareKey)) {
        return [
          { message: `cloud-init takes the property ${bareKey} for its own`, where, remedy: `Give the key a prefix: unit.${bareKey}.` },
        ];
      }
      if (bareKey !== 'instance-id' || value === '') return [];
      return [
        {
          message: `Every clone has the instance-id ${value}: cloud-init takes a clone for the machine that it was made from`,
          where,
          remedy: 'Ship no default for it, or leave the property out.',
        },
      ];
    }),
};
