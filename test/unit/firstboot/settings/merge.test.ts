import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { type Layer, layerAt, mergeAnswers, pointerOf, SOURCE_ORDER, type SourceName } from '../../../../firstboot/settings/index.ts';
import { runs } from '../../../helpers/runs.ts';

const PRODUCT = {
  type: 'object',
  properties: {
    title: { type: 'string' },
    tags: { type: 'array', items: { type: 'string' } },
    admin: { type: 'object', properties: { email: { type: 'string' }, name: { type: 'string' } } },
  },
};

const layer = (source: SourceName, answers: Record<string, unknown>): Layer => ({ source, answers });
const merge = (...layers: Layer[]) => mergeAnswers(layers, PRODUCT);

describe('merging', () => {
  test('the later source wins for each setting, whatever the order they come in', () => {
    const { answers, origins } = merge(
      layer('unitctl', { product: { title: 'u' } }),
      layer('ovf-environment', { domain: { name: 'o' }, product: { title: 'o', admin: { email: 'o', name: 'o' } } }),
      layer('answers-disk', { product: { admin: { name: 'd' } } }),
      layer('cloud-init', { product: { admin: { name: 'c', email: 'c' } } }),
    );
    expect(answers).toEqual({ domain: { name: 'o' }, product: { title: 'u', admin: { email: 'c', name: 'd' } } });
    expect(Object.fromEntries([...origins].map(([at, { source }]) => [at, source]))).toEqual({
      '/domain/name': 'ovf-environment',
      '/product/title': 'unitctl',
      '/product/admin/email': 'cloud-init',
      '/product/admin/name': 'answers-disk',
    });
  });

  test('of one source the later layer wins', () => {
    const { answers } = merge(
      layer('ovf-environment', { domain: { name: 'field' } }),
      layer('ovf-environment', { domain: { name: 'file' } }),
    );
    expect(answers).toEqual({ domain: { name: 'file' } });
  });

  test('lists are replaced whole, as is a group by something else', () => {
    const below = layer('cloud-init', { product: { tags: ['a', 'b'], admin: { email: 'c' } } });
    const { answers, origins } = merge(below, layer('answers-disk', { product: { tags: ['z'], admin: 5 } }));
    expect(answers).toEqual({ product: { tags: ['z'], admin: 5 } });
    expect([...origins.keys()].sort()).toEqual(['/product/admin', '/product/tags']);
  });

  test('what is wrong keeps its origin: the validation has to name it', () => {
    const merged = merge(
      layer('ovf-environment', { domain: { name: 'o' } }),
      layer('cloud-init', { domain: { nmae: 'c' }, netwrok: { a: 1 } }),
    );
    const source = (pointer: string) => layerAt(merged, pointer)?.source;
    expect(source('/netwrok')).toBe('cloud-init');
    expect(source('/netwrok/a')).toBe('cloud-init');
    expect(source('/domain/name')).toBe('ovf-environment');
    // Something is missing there: the highest source that speaks of it.
    expect(source('/domain')).toBe('cloud-init');
    expect(source('/mail')).toBeUndefined();
  });

  test('a name of every object is but a name', () => {
    const evil = JSON.parse(
      '{ "__proto__": { "polluted": true }, "product": { "__proto__": { "polluted": true }, "constructor": 1 } }',
    ) as Record<string, unknown>;
    const { answers } = merge(layer('cloud-init', {}), layer('answers-disk', evil));
    expect(Object.keys(answers)).toEqual(['__proto__', 'product']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect((answers as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  test('any layers: each leaf is of the last layer that has it, and nothing that was given is touched', () => {
    const leaf = fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.array(fc.string()));
    const answers = fc.record(
      {
        domain: fc.oneof(fc.record({ name: leaf }, { requiredKeys: [] }), leaf),
        product: fc.oneof(
          fc.record(
            { title: leaf, tags: leaf, admin: fc.oneof(fc.record({ email: leaf }, { requiredKeys: [] }), leaf) },
            { requiredKeys: [] },
          ),
          leaf,
        ),
        unknown: fc.jsonValue() as fc.Arbitrary<unknown>,
      },
      { requiredKeys: [] },
    );
    const layers = fc.array(fc.record({ source: fc.constantFrom(...SOURCE_ORDER), answers }));
    fc.assert(
      fc.property(layers, (given) => {
        const before = JSON.stringify(given);
        const merged = mergeAnswers(given, PRODUCT);
        expect(JSON.stringify(given)).toBe(before);
        for (const [pointer, { source, answers: own }] of merged.origins) {
          expect(at(merged.answers, pointer)).toEqual(at(own, pointer));
          const higher = given.filter((each) => SOURCE_ORDER.indexOf(each.source) > SOURCE_ORDER.indexOf(source));
          for (const each of higher) expect(at(each.answers, pointer)).toBeUndefined();
        }
        // Every leaf has an origin: its own, or of the value that holds it.
        for (const pointer of leaves(merged.answers)) expect(layerAt(merged, pointer)).toBeDefined();
      }),
      runs(500),
    );
  });
});

function at(data: unknown, pointer: string): unknown {
  let value = data;
  for (const name of pointer.split('/').slice(1)) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

function leaves(data: unknown, pointer = ''): string[] {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return [pointer];
  return Object.entries(data).flatMap(([name, value]) => leaves(value, pointer + pointerOf([name])));
}
