/** Forms from schemas, and values from what they post. */
import { describe, expect, it } from 'vitest';

import type { KeptSettings } from '../../../../firstboot/contract/helper.ts';
import { answersSchema, type SettingSchema, setAt } from '../../../../firstboot/settings/index.ts';
import type { Posted } from '../../../../firstboot/web/body.ts';
import { type Field, sectionFields } from '../../../../firstboot/web/form/fields.ts';
import { idOf } from '../../../../firstboot/web/form/names.ts';
import { complaintsOf } from '../../../../firstboot/web/form/problems.ts';
import { readSection } from '../../../../firstboot/web/form/read.ts';
import { conditionsOf, kindOf } from '../../../../firstboot/web/form/schema.ts';
import { translator } from '../../../../firstboot/web/language.ts';

const t = translator('en');

/** A literal member named `then` would make of an object what `await` waits for. */
function ifThen(test: object, then: object, otherwise?: object): object {
  return Object.fromEntries([['if', test], ['then', then], ...(otherwise === undefined ? [] : [['else', otherwise] as const])]);
}

it.each([
  ['text', { type: 'string' }],
  ['text', { type: ['null', 'string'], maxLength: 1000 }],
  ['area', { type: 'string', maxLength: 5000 }],
  ['area', { type: 'string', contentMediaType: 'text/plain' }],
  ['file', { type: 'string', contentEncoding: 'base64' }],
  ['number', { type: 'integer' }],
  ['number', { type: 'number' }],
  ['boolean', { type: 'boolean' }],
  ['choice', { enum: ['a', 1] }],
  ['choice', { oneOf: [{ const: 'a' }, { const: 'b' }] }],
  ['several', { type: 'array', items: { enum: ['a'] } }],
  ['lines', { type: 'array', items: { type: 'string' } }],
  ['repeat', { type: 'array', items: { type: 'object', properties: {} } }],
  ['group', { type: 'object', properties: {} }],
  ['union', { oneOf: [{ properties: { k: { const: 1 } } }, { properties: { k: { const: 2 } } }] }],
  ['json', { type: 'object', additionalProperties: { type: 'string' } }],
  ['json', { type: 'array', items: { type: 'array' } }],
  ['json', { oneOf: [{ type: 'string' }, { type: 'number' }] }],
  ['json', {}],
])('is a %s: %j', (kind, schema) => {
  expect(kindOf(schema as SettingSchema)).toBe(kind);
});

it.each([
  ['x-when', { properties: { a: { enum: ['x', 'y'] }, b: { 'x-when': { a: ['x'] } } } }, { b: { member: 'a', values: ['x'] } }],
  [
    'if, then and else',
    {
      properties: { a: { enum: ['x', 'y', 'z'] }, b: {}, c: {} },
      ...ifThen({ properties: { a: { const: 'x' } } }, { required: ['b'] }, { required: ['c'] }),
    },
    { b: { member: 'a', values: ['x'] }, c: { member: 'a', values: ['y', 'z'] } },
  ],
  [
    'several ifs',
    {
      properties: { a: {}, b: {} },
      allOf: [
        { ...ifThen({ properties: { a: { const: 1 } } }, { required: ['b'] }) },
        { ...ifThen({ properties: { a: { enum: [2, 3] } } }, { properties: { b: {} } }) },
      ],
    },
    { b: { member: 'a', values: [1, 2, 3] } },
  ],
  [
    'a union beside properties',
    { properties: { a: {}, b: {} }, oneOf: [{ properties: { a: { const: 1 } } }, { properties: { a: { const: 2 } }, required: ['b'] }] },
    { b: { member: 'a', values: [2] } },
  ],
  [
    'two siblings that decide about one',
    {
      properties: { a: {}, b: {}, c: {} },
      allOf: [
        { ...ifThen({ properties: { a: { const: 1 } } }, { required: ['c'] }) },
        { ...ifThen({ properties: { b: { const: 1 } } }, { required: ['c'] }) },
      ],
    },
    {},
  ],
])('shows a setting when it matters: %s', (_, schema, conditions) => {
  expect(Object.fromEntries(conditionsOf(schema as unknown as SettingSchema))).toEqual(conditions);
});

it('gives different controls different ids', () => {
  const names = ['/a/b', '/a-b', '/a_b', '/a b', '/a~1b', '/ab', '/a.b', '/a|0/b', '/あ'];
  const ids = names.map(idOf);
  expect(new Set(ids).size).toBe(names.length);
  for (const id of ids) expect(id).toMatch(/^f[\w-]+$/);
});

/** Settings of a product, as the helper would have them. */
function kept(properties: Record<string, unknown>, values: Record<string, unknown> = {}, more: Partial<KeptSettings> = {}): KeptSettings {
  const schema = answersSchema({ type: 'object', additionalProperties: false, properties });
  return { values: { product: values }, secretsSet: [], origins: {}, problems: [], schema, ...more };
}

function read(settings: KeptSettings, fields: Record<string, string | string[]>, files: Record<string, Buffer> = {}, remove?: string) {
  const product = (settings.schema as SettingSchema).properties?.['product'] ?? {};
  const posted: Posted = {
    fields: new Map([
      ['shown', [...new Set([...Object.keys(fields), ...Object.keys(files)])]],
      ...Object.entries(fields).map(([name, value]): [string, string[]] => [name, [value].flat()]),
    ]),
    files: new Map(Object.entries(files)),
  };
  return readSection('product', product, posted, settings, remove);
}

describe('what is posted', () => {
  const text = { type: 'string' };

  it.each([
    ['text', text, 'a', 'a'],
    ['text with blanks', text, ' a ', ' a '],
    ['a line break', { type: 'string', maxLength: 5000 }, 'a\r\nb', 'a\nb'],
    ['an address with blanks around it', { type: 'string', format: 'email' }, ' a@b.example ', 'a@b.example'],
    ['a pattern that wants no blanks', { type: 'string', pattern: '^a$' }, 'a ', 'a'],
    ['a pattern that has them', { type: 'string', pattern: '^a $' }, 'a ', 'a '],
    ['a number', { type: 'integer' }, ' 12 ', 12],
    ['a fraction', { type: 'number' }, '-0.5', -0.5],
    ['no number', { type: 'integer' }, '12a', '12a'],
    ['hexadecimal', { type: 'integer' }, '0x10', '0x10'],
    ['a choice', { enum: ['a', 1, true] }, '1', 1],
    ['no choice', { enum: ['a'] }, 'b', 'b'],
    ['lines', { type: 'array', items: text }, 'a\r\n\r\n b ', ['a', 'b']],
    ['numbers, one a line', { type: 'array', items: { type: 'integer' } }, '1\nx', [1, 'x']],
    ['JSON', { type: 'object', additionalProperties: text }, '{"a":"b"}', { a: 'b' }],
    ['broken JSON', { type: 'object', additionalProperties: text }, '{"a"', '{"a"'],
  ])('is read by its schema: %s', (_, schema, posted, value) => {
    expect(read(kept({ it: schema }), { '/it': posted })).toEqual({ values: { it: value }, clear: [] });
  });

  it('leaves what nobody touched to the source that gave it', () => {
    const properties = { a: text, b: text, c: { type: 'string', default: 'x' }, group: { type: 'object', properties: { d: text } } };
    const settings = kept(
      properties,
      { a: 'ovf', b: 'mine', c: 'x', group: { d: 'ovf' } },
      { origins: { 'product.a': 'ovf-environment', 'product.b': 'wizard' } },
    );
    const shown = { '/a': 'ovf', '/b': 'mine', '/c': 'x', '/group/d': 'ovf' };
    expect(read(settings, shown)).toEqual({ values: { b: 'mine' }, clear: [] });
    expect(read(settings, { ...shown, '/a': 'other', '/group/d': '' })).toEqual({
      values: { a: 'other', b: 'mine' },
      clear: ['product.group.d'],
    });
  });

  it('keeps what the page did not show', () => {
    const settings = kept({ a: text, b: text }, { a: '1', b: '2' }, { origins: { 'product.a': 'wizard', 'product.b': 'wizard' } });
    expect(read(settings, { '/a': '3' })).toEqual({ values: { a: '3', b: '2' }, clear: [] });
  });

  it('has boxes that say no only where that is news', () => {
    const settings = (value?: boolean, more: object = {}) =>
      kept({ it: { type: 'boolean', ...more } }, value === undefined ? {} : { it: value });
    expect(read(settings(), { '/it': [] })).toEqual({ values: {}, clear: [] });
    expect(read(settings(true, { default: true }), { '/it': [] })).toEqual({ values: { it: false }, clear: [] });
    expect(read(settings(false), { '/it': 'true' })).toEqual({ values: { it: true }, clear: [] });
  });

  it('keeps secrets that are not typed again, and clears those that are to go', () => {
    const settings = kept({ it: { ...text, writeOnly: true } }, {}, { secretsSet: ['product.it'] });
    expect(read(settings, { '/it': '' })).toEqual({ values: {}, clear: [] });
    expect(read(settings, { '/it': 'new' })).toEqual({ values: { it: 'new' }, clear: [] });
    expect(read(settings, { '/it': '', clear: '/it' })).toEqual({ values: {}, clear: ['product.it'] });
  });

  it('has files in base64, kept until others come or they are cleared', () => {
    const properties = { it: { ...text, contentEncoding: 'base64' } };
    const settings = kept(properties, { it: 'b2xk' }, { origins: { 'product.it': 'wizard' } });
    expect(read(settings, { '/it': '' }).values).toEqual({ it: 'b2xk' });
    expect(read(settings, {}, { '/it': Buffer.from([0, 255]) }).values).toEqual({ it: 'AP8=' });
    expect(read(settings, { '/it': '', clear: '/it' })).toEqual({ values: {}, clear: ['product.it'] });
  });

  const people = { type: 'array', items: { type: 'object', properties: { login: text, admin: { type: 'boolean', default: false } } } };

  it('has lists of groups, without the empty one that the page adds', () => {
    const settings = kept({ people });
    expect(
      read(settings, { '/people': '', '/people/0/login': 'ann', '/people/0/admin': 'true', '/people/1/login': '', '/people/1/admin': [] })
        .values,
    ).toEqual({
      people: [{ login: 'ann', admin: true }],
    });
    expect(read(settings, { '/people': '', '/people/0/login': '', '/people/0/admin': [] })).toEqual({ values: {}, clear: [] });
  });

  it('has lists of groups that one can be taken out of', () => {
    const settings = kept({ people }, { people: [{ login: 'ann' }, { login: 'bob' }] });
    const shown = { '/people': '', '/people/0/login': 'ann', '/people/1/login': 'bob' };
    expect(read(settings, shown, {}, '/people/0').values).toEqual({ people: [{ login: 'bob' }] });
    expect(read(settings, shown)).toEqual({ values: {}, clear: [] });
  });

  it('has the branch of a union that was chosen, and nothing of the others', () => {
    const it = {
      oneOf: [
        { type: 'object', properties: { kind: { const: 'a' }, path: text } },
        { type: 'object', properties: { kind: { const: 'b' }, path: text, host: text } },
      ],
    };
    const posted = { '/it/kind': 'b', '/it|0/path': 'left', '/it|1/path': 'right', '/it|1/host': 'h' };
    expect(read(kept({ it }), posted).values).toEqual({ it: { kind: 'b', path: 'right', host: 'h' } });
    expect(read(kept({ it }), { ...posted, '/it/kind': '' })).toEqual({ values: {}, clear: [] });
    expect(read(kept({ it }), { ...posted, '/it/kind': 'c' })).toEqual({ values: {}, clear: [] });
  });

  it('does not reach what objects inherit', () => {
    const written = read(kept({ a: text }), { '/a': 'x', '/__proto__/b': 'y', '/constructor': 'z' });
    expect(written).toEqual({ values: { a: 'x' }, clear: [] });
    expect(({} as Record<string, unknown>)['b']).toBeUndefined();
  });
});

describe('fields', () => {
  const fields = (settings: KeptSettings, more: { more?: string } = {}): Field[] =>
    sectionFields('product', (settings.schema as SettingSchema).properties?.['product'] ?? {}, settings.values['product'], {
      language: 'en',
      t,
      secretsSet: new Set(settings.secretsSet),
      origins: settings.origins,
      errors: new Map(),
      ...more,
    });

  it('never hold a secret, even where the helper gave one away', () => {
    const properties = {
      a: { type: 'string', writeOnly: true },
      b: { type: 'string', writeOnly: true, maxLength: 5000 },
      c: { type: 'string', writeOnly: true, contentEncoding: 'base64' },
    };
    const shown = fields(
      kept(properties, { a: 'Secret1', b: 'Secret2', c: 'U2VjcmV0' }, { secretsSet: ['product.a', 'product.b', 'product.c'] }),
    );
    expect(JSON.stringify(shown)).not.toMatch(/Secret\d|U2VjcmV0/);
    expect(shown.map(({ kept: words }) => words)).toEqual(Array(3).fill(t('field.secretKept')));
  });

  it('say where a value came from, but for this page and the default', () => {
    const properties = { a: { type: 'string' }, b: { type: 'string' }, c: { type: 'string', default: 'x' } };
    const shown = fields(kept(properties, { a: '1', b: '2', c: 'x' }, { origins: { 'product.a': 'cloud-init', 'product.b': 'wizard' } }));
    expect(shown.map(({ origin }) => origin)).toEqual(['From: cloud-init.', undefined, undefined]);
  });

  it('have a choice for what is not set, where that may be', () => {
    const choice = (schema: object) => fields(kept({ it: schema }))[0];
    expect(choice({ enum: ['a', 'b'] })?.choices?.map(({ value }) => value)).toEqual(['', 'a', 'b']);
    expect(choice({ enum: ['a', 'b'], default: 'a' })?.choices?.map(({ value }) => value)).toEqual(['a', 'b']);
    expect(choice({ enum: [1, 2, 3, 4, 5, 6] })?.partial).toBe('field-select');
  });

  it('have one more group where the owner asked for it, up to the most', () => {
    const people = { type: 'array', maxItems: 2, items: { type: 'object', properties: { login: { type: 'string' } } } };
    const [one] = fields(kept({ people }, { people: [{ login: 'ann' }] }));
    expect([one?.items?.length, one?.canAdd]).toEqual([1, true]);
    const [two] = fields(kept({ people }, { people: [{ login: 'ann' }] }), { more: '/people' });
    expect([two?.items?.length, two?.canAdd]).toEqual([2, false]);
  });
});

describe('complaints', () => {
  const about = (
    schema: object,
    value: unknown,
    problem: { path?: string; keyword?: string; missing?: boolean } = {},
    language: 'en' | 'ja' | 'ru' = 'en',
  ) => {
    const settings = kept(
      { it: { 'x-titles': { en: 'It' }, ...schema } },
      {},
      {
        problems: [{ path: 'product.it', message: 'the helper said', keyword: 'some', missing: false, ...problem }],
      },
    );
    if (value !== undefined) setAt(settings.values, 'product.it', value);
    return complaintsOf(settings, { language, t: translator(language) }, 'product').map(({ message }) => message);
  };

  it.each([
    [{ type: 'integer' }, 'x', 'Give a whole number.'],
    [{ type: 'integer', minimum: 3 }, 1, 'Give 3 or more.'],
    [{ type: 'integer', maximum: 3 }, 4, 'Give 3 or less.'],
    [{ type: 'string', minLength: 3 }, '😀😀', 'At least 3 characters are needed.'],
    [{ type: 'string', maxLength: 3 }, 'abcd', 'At most 3 characters are possible.'],
    [{ enum: ['a'] }, 'b', 'Choose one of the values.'],
    [{ type: 'string', format: 'email' }, 'x', 'Give an e-mail address such as name@example.org.'],
    [{ type: 'string', pattern: '^a$' }, 'b', 'This does not have the form that is wanted.'],
    [{ type: 'string', pattern: '^a$', 'x-pattern-help': { en: 'An a.' } }, 'b', 'This does not have the form that is wanted. An a.'],
    [{ type: 'array', maxItems: 1 }, [1, 2], 'At most 1 entries are possible.'],
    [{ type: 'string', writeOnly: true, minLength: 8 }, undefined, 'At least 8 characters are needed.'],
    [{ type: 'string' }, 'fine', 'This does not have the form that is wanted.'],
  ])('are in words: %j, %j', (schema, value, message) => {
    expect(about(schema, value)).toEqual([message]);
  });

  it('are in the language of the owner', () => {
    expect(about({ type: 'integer', minimum: 3 }, 1, {}, 'ja')).toEqual(['3 以上にしてください。']);
    expect(about({ type: 'integer', minimum: 3 }, 1, {}, 'ru')).toEqual(['Не меньше 3.']);
  });

  it('name each member that a group lacks, once', () => {
    const settings = kept(
      { it: { type: 'object', required: ['a', 'b', 'c'], properties: { a: {}, b: { 'x-titles': { en: 'Bee' } }, c: {} } } },
      { it: { a: 1 } },
    );
    const problem = { path: 'product.it', message: 'missing', keyword: 'required', missing: true };
    const found = complaintsOf({ ...settings, problems: [problem, problem] }, { language: 'en', t });
    expect(found.map(({ path, title }) => [path, title])).toEqual([
      ['product.it.b', 'Bee'],
      ['product.it.c', 'c'],
    ]);
  });
});
