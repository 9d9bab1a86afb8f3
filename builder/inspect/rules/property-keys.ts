import type { Rule } from '../rule.ts';

export const propertyKeys: Rule = {
  name: 'property-keys',
  severity: 'error',
  scope: 'descriptor',
  demand: 'Every property has a key of its own.',
  check: (ovf) => {
    const properties = ovf.properties();
    return properties.flatMap(({ element, key }, index) => {
      const twice = properties.slice(0, index).some((earlier) => earlier.key === key);
      if (key !== '' && !twice) return [];
      return [
        {
          message: key === '' ? 'A property has no key' : `The key ${key} is there twice`,
          where: ovf.where(element),
          remedy: 'Give each property its own ovf:key.',
        },
      ];
    });
  },
};
