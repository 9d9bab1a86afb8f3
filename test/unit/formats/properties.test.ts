import { describe, expect, it } from 'vitest';

import { vappProperties } from '../../../builder/formats/ova/properties.ts';

const marked = (schema: object): object => ({
  type: 'object',
  properties: { field: { 'x-ovf': { order: 10, label: 'Field', category: 'Product' }, ...schema } },
});

/** The one property of a schema with one marked scalar: base settings have theirs, and the answers file comes last. */
function field(schema: object) {
  const [added, ...more] = vappProperties(marked(schema)).filter(({ key }) => key.endsWith('field'));
  expect(more).toEqual([]);
  return added;
}

describe('vappProperties', () => {
  it('always ends with the answers file', () => {
    for (const schema of [undefined, marked({ type: 'string' })]) {
      expect(vappProperties(schema).at(-1)).toMatchObject({
        key: 'unit.answers',
        type: 'string',
        password: true,
        qualifiers: 'MaxLen(65535)',
      });
    }
  });

  it('has keys with a prefix, each its own', () => {
    const keys = vappProperties(marked({ type: 'string' })).map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
    for (const key of keys) expect(key).toMatch(/^[a-z]+\..+/);
  });

  it.each([
    [
      { type: 'string', maxLength: 64 },
      { type: 'string', value: '', qualifiers: 'MaxLen(64)' },
    ],
    [{ type: 'string', maxLength: 100_000 }, { qualifiers: 'MaxLen(65535)' }],
    [{ type: 'string', minLength: 8 }, { type: 'string' }],
    [{ type: 'boolean' }, { type: 'boolean', value: 'False' }],
    [
      { type: 'boolean', default: true },
      { type: 'boolean', value: 'True' },
    ],
    [
      { type: 'integer', default: 25 },
      { type: 'int', value: '25' },
    ],
    [{ type: 'integer' }, { type: 'string', value: '' }],
    [{ type: 'string', enum: ['a', 'say "b"'] }, { qualifiers: 'ValueMap{"","a","say \\"b\\""}' }],
    [{ type: 'string', writeOnly: true }, { password: true }],
  ])('%j becomes %j', (schema, expected) => {
    expect(field(schema)).toMatchObject({ label: 'Field', category: 'Product', password: false, ...expected });
  });

  it('puts no lower bound on what may be left open', () => {
    expect(field({ type: 'string', minLength: 8 })).not.toHaveProperty('qualifiers');
  });
});
