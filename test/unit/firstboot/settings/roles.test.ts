import { describe, expect, it } from 'vitest';

import { applyDefaults, isIncomplete, secretPaths, validateAnswers, withRoles } from '../../../../firstboot/settings/index.ts';

const roles = { lead: { title: { en: 'Leader' } }, core: { title: { en: 'Core' }, follows: 'lead' } };
const schema = withRoles(
  {
    type: 'object',
    additionalProperties: false,
    required: ['name', 'all'],
    properties: {
      name: { type: 'string', 'x-roles': ['lead'] },
      size: { type: 'integer', default: 3, 'x-roles': ['core'] },
      all: { type: 'string' },
    },
  },
  roles,
);
const found = (answers: object): string[] => validateAnswers({ schemaVersion: 1, ...answers }, schema).map(({ message }) => message);

describe('settings of an image with roles', () => {
  it('begin with the role', () => {
    const [violation, ...others] = validateAnswers({ schemaVersion: 1, product: { all: 'x', name: 'y' } }, schema);
    expect(others).toEqual([]);
    expect(violation).toMatchObject({ path: '/cluster', keyword: 'required' });
    expect(violation !== undefined && isIncomplete(violation)).toBe(true);
    expect(found({ cluster: { role: 'cor' }, product: { all: 'x', name: 'y' } }).join()).toContain('cluster.role');
  });

  it('are those of the role', () => {
    expect(found({ cluster: { role: 'lead' }, product: { all: 'x', name: 'y' } })).toEqual([]);
    expect(found({ cluster: { role: 'core', join: 'unit1.x' }, product: { all: 'x' } })).toEqual([]);
    expect(found({ cluster: { role: 'core' }, product: { all: 'x' } }).join()).toContain('join');
    expect(found({ cluster: { role: 'core', join: 'unit1.x' }, product: { all: 'x', name: 'y' } }).join()).toContain('name');
    expect(applyDefaults({ cluster: { role: 'core' } }, schema).product).toEqual({ size: 3 });
    expect(applyDefaults({ cluster: { role: 'lead' } }, schema).product).not.toHaveProperty('size');
  });

  it('have the join code as a secret', () => {
    expect(secretPaths(schema)).toContain('cluster.join');
    expect(secretPaths({ type: 'object', properties: {} })).not.toContain('cluster.join');
  });
});
