import { unitOf } from '../../../firstboot/contract/service.ts';
import { problemAt, type Rule } from './rule.ts';

export const serviceUnitOnce: Rule = {
  name: 'service-unit-once',
  severity: 'error',
  check(image) {
    const owners = new Map<string, string>();
    return Object.entries(image.definition.services).flatMap(([name, service]) => {
      const unit = unitOf(name, service);
      const owner = owners.get(unit);
      owners.set(unit, owner ?? name);
      if (owner === undefined) return [];
      const pointer = service.unit === undefined ? `/services/${name}` : `/services/${name}/unit`;
      return [problemAt(image, pointer, `services ${owner} and ${name} are both the unit ${unit}`, 'One unit is one service.')];
    });
  },
};
