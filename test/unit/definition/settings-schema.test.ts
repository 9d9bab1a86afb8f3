import { describe, expect, it } from 'vitest';

import { parseJson } from '../../../builder/definition/document.ts';
import { settingsSchemaProblems } from '../../../builder/definition/settings-schema.ts';

const title = { 'x-titles': { en: 'T' } };

/** Problems of a schema with these properties, as `pointer: message [suggestion]`. */
function problemsOf(properties: Record<string, unknown>, more: Record<string, unknown> = {}): string[] {
  return ofText(JSON.stringify({ type: 'object', additionalProperties: false, properties, ...more }, undefined, '\t'));
}

function ofText(text: string): string[] {
  const parsed = parseJson(new TextEncoder().encode(text), 's.json');
  if (parsed.document === undefined) throw new Error(JSON.stringify(parsed.problems));
  return settingsSchemaProblems(parsed.document).map(
    ({ message, where, suggestion }) => `${where?.path}: ${message} [${suggestion ?? ''}]`,
  );
}

describe('settings.schema.json', () => {
  it('may use what forms can show', () => {
    expect(
      problemsOf(
        {
          text: {
            type: 'string',
            minLength: 1,
            maxLength: 9,
            pattern: '^a',
            default: 'ab',
            ...title,
            'x-help': { en: 'h', ja: 'h', ru: 'h' },
            'x-ovf': true,
          },
          choice: { type: 'string', enum: ['a', 'b'], default: 'a', ...title, 'x-ovf': { order: 3, label: 'Choice', category: 'C' } },
          number: { type: 'integer', minimum: 1, maximum: 5, default: 3, ...title },
          list: {
            type: 'array',
            items: { type: 'string', format: 'email' },
            uniqueItems: true,
            maxItems: 3,
            default: ['a@example.org'],
            ...title,
          },
          map: { type: 'object', additionalProperties: { type: 'string' }, ...title },
          secret: { type: 'string', writeOnly: true, 'x-generate': { length: 20, alphabet: 'base64' }, ...title },
          group: {
            type: 'object',
            additionalProperties: false,
            properties: { on: { type: 'boolean', default: false, ...title } },
            ...title,
          },
        },
        {
          $schema: 'http://json-schema.org/draft-07/schema#',
          title: 'x',
          required: ['text'],
          allOf: [{ not: { required: ['list', 'number'] } }],
        },
      ),
    ).toEqual([]);
  });

  it.each<[string, Record<string, unknown>, string[]]>([
    [
      'an unknown keyword',
      { a: { type: 'string', minLenght: 3, ...title } },
      ['/properties/a/minLenght: "minLenght" is not known here [Did you mean "minLength"?]'],
    ],
    [
      'an unknown type',
      { a: { type: 'text', ...title } },
      ['/properties/a/type: type cannot be "text" [Allowed: string, integer, number, boolean, object, array.]'],
    ],
    [
      'a reference',
      { a: { $ref: '#/definitions/x' } },
      ['/properties/a: "type" is missing [Add type.]', '/properties/a/$ref: "$ref" is not known here'],
    ],
    [
      'a name with a dot',
      { 'a.b': { type: 'string', ...title } },
      ['/properties/a.b: "a.b" is not a possible name in properties [Names of settings are letters and digits, a letter first.]'],
    ],
    [
      'a language that is none',
      { a: { type: 'string', 'x-titles': { en: 'x', de: 'x' } } },
      ['/properties/a/x-titles/de: "de" is not known in x-titles [Known here: en, ja, ru.]'],
    ],
    ['no title', { a: { type: 'string' } }, ['/properties/a: a has no title [Add "x-titles": { "en": "..." }: the form shows it.]']],
    [
      'an open object',
      { g: { type: 'object', properties: {}, ...title } },
      ['/properties/g: g takes any name, so slips in an answers file would go unnoticed [Add "additionalProperties": false.]'],
    ],
    [
      'a required setting that is none',
      { g: { type: 'object', additionalProperties: false, properties: {}, required: ['x'], ...title } },
      ['/properties/g/required/0: "x" is required, but is no setting here [Declare it in properties, or remove it.]'],
    ],
    [
      'a default of the wrong type',
      { a: { type: 'integer', default: '3', ...title } },
      [
        '/properties/a/default: the default of a breaks its own rules: the document must be a whole number, but is text [Give a whole number.]',
      ],
    ],
    [
      'a default out of range',
      {
        g: {
          type: 'object',
          additionalProperties: false,
          ...title,
          properties: { a: { type: 'integer', maximum: 2, default: 3, ...title } },
        },
      },
      ['/properties/g/properties/a/default: the default of g.a breaks its own rules: the document is more than 2 [Give 2 or less.]'],
    ],
    [
      'a secret with a default',
      { a: { type: 'string', writeOnly: true, default: 'hunter2', ...title } },
      [
        '/properties/a/default: a is a secret with a default: every unit would have the same one [Remove the default; "x-generate" makes one on the unit.]',
      ],
    ],
    [
      'a secret in a list',
      { a: { type: 'array', items: { type: 'string', writeOnly: true }, ...title } },
      [
        '/properties/a/items/writeOnly: a[] is a secret in a list or free map, which is kept and shown as a whole [Give "writeOnly": true to the whole list or map, or make each secret a setting of its own.]',
      ],
    ],
    [
      'a secret deep in a free map',
      {
        m: {
          type: 'object',
          ...title,
          additionalProperties: {
            type: 'object',
            additionalProperties: false,
            properties: { key: { type: 'string', writeOnly: true, ...title } },
          },
        },
      },
      [
        '/properties/m/additionalProperties/properties/key/writeOnly: m{}.key is a secret in a list or free map, which is kept and shown as a whole [Give "writeOnly": true to the whole list or map, or make each secret a setting of its own.]',
      ],
    ],
    [
      'a list that is a secret, and a setting called items',
      {
        a: { type: 'array', items: { type: 'string', writeOnly: true }, writeOnly: true, ...title },
        items: { type: 'string', writeOnly: true, ...title },
      },
      [],
    ],
    [
      'a group as a secret',
      { g: { type: 'object', additionalProperties: false, properties: { a: { type: 'string', ...title } }, writeOnly: true, ...title } },
      ['/properties/g/writeOnly: g is a group, and no secret itself [Give "writeOnly": true to each secret setting in it.]'],
    ],
    [
      'a list as OVF property',
      { a: { type: 'array', items: { type: 'string' }, 'x-ovf': true, ...title } },
      ['/properties/a/x-ovf: a is no scalar, so it cannot be an OVF property [Remove "x-ovf".]'],
    ],
    [
      'a wrong annotation',
      { a: { type: 'string', 'x-ovf': 'yes', ...title } },
      ['/properties/a/x-ovf: x-ovf has none of the forms that are possible here []'],
    ],
    [
      'a slip in an annotation',
      { a: { type: 'string', 'x-ovf': { lable: 'x' }, ...title } },
      ['/properties/a/x-ovf/lable: "lable" is not known in x-ovf [Did you mean "label"?]'],
    ],
    [
      'a generated text that is no secret',
      { a: { type: 'string', 'x-generate': { length: 8, alphabet: 'hex' }, ...title } },
      ['/properties/a/x-generate: a is generated, but is no secret text [Give it "type": "string" and "writeOnly": true.]'],
    ],
    [
      'a short generated secret',
      { a: { type: 'string', writeOnly: true, 'x-generate': { length: 4, alphabet: 'hex' }, ...title } },
      ['/properties/a/x-generate/length: x-generate.length is less than 8 [Give 8 or more.]'],
    ],
    ['a pattern that is none', { a: { type: 'string', pattern: '(', ...title } }, ['']],
    ['a format that is none', { a: { type: 'string', format: 'e-mail', ...title } }, ['']],
    [
      'a node that is no object',
      { a: true },
      ['/properties/a: a must be a group of "name: value" lines, but is true or false [Give a group of "name: value" lines.]'],
    ],
  ])('refuses %s', (_what, properties, wanted) => {
    const problems = problemsOf(properties);
    expect(problems.map((problem, index) => problem.slice(0, wanted[index]?.length))).toEqual(
      wanted.map((text, index) => (text === '' ? problems[index]?.slice(0, 0) : text)),
    );
  });

  it('says what the compiler says about patterns and formats', () => {
    expect(problemsOf({ a: { type: 'string', pattern: '(', ...title } })[0]).toMatch(
      /the schema cannot be used: .*[Ii]nvalid regular expression/,
    );
    expect(problemsOf({ a: { type: 'string', format: 'e-mail', ...title } })[0]).toMatch(/the schema cannot be used: .*e-mail/);
  });

  it('refuses a required secret that is generated, and a root that is no object', () => {
    const secret = { type: 'string', writeOnly: true, 'x-generate': { length: 8, alphabet: 'hex' }, ...title };
    expect(problemsOf({ a: secret }, { required: ['a'] })).toEqual([
      '/properties/a/x-generate: a is required and generated at once [Remove it from "required".]',
    ]);
    expect(ofText('{ "type": "string" }')).toEqual(['/type: the schema must be of an object [Write "type": "object".]']);
    expect(ofText('[]')[0]).toMatch(/^: the schema must be a group/);
  });

  it('allows about ten OVF properties in all', () => {
    const marked = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`s${index}`, { type: 'string', 'x-ovf': true, ...title }]));
    expect(problemsOf(marked(6))).toEqual([]);
    expect(problemsOf(marked(8))).toEqual([
      `/properties/s6: more than 6 settings are marked "x-ovf"; 9 more are every unit's own [Keep it for what an import without the setup page cannot do without.]`,
      `/properties/s7: more than 6 settings are marked "x-ovf"; 9 more are every unit's own [Keep it for what an import without the setup page cannot do without.]`,
    ]);
  });

  it('gives line and column in the JSON file, tabs counted as one', () => {
    const { document } = parseJson(
      new TextEncoder().encode(
        '{\n\t"type": "object",\n\t"additionalProperties": false,\n\t"properties": {\n\t\t"a": { "type": "string", "maxLenght": 5 }\n\t}\n}',
      ),
      's.json',
    );
    expect(settingsSchemaProblems(document!)[0]?.where).toEqual({ file: 's.json', line: 5, column: 28, path: '/properties/a/maxLenght' });
  });
});
