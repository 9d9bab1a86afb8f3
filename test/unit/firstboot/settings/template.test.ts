import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

import { answersSchema, answersTemplate, setAt, settingAt, settingsOf, validateAnswers } from '../../../../firstboot/settings/index.ts';

const ROOT = join(import.meta.dirname, '../../../..');
const schemaOf = (path: string): object => JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as object;

const AWKWARD = {
  type: 'object',
  additionalProperties: false,
  required: ['mode', 'admin', 'limits', 'plain'],
  properties: {
    mode: { enum: ['a: b', '# c'], 'x-titles': { en: 'Mode\n# broken\u2028here' }, 'x-help': { en: `${'long words '.repeat(40)}end` } },
    plain: { type: 'string', default: 'a "b"\n# c: é' },
    admin: {
      type: 'object',
      additionalProperties: false,
      required: ['email'],
      properties: {
        email: { type: 'string', format: 'email' },
        token: { type: 'string', writeOnly: true, 'x-generate': { length: 9, alphabet: 'hex' } },
      },
    },
    limits: {
      type: 'object',
      additionalProperties: false,
      properties: { size: { type: 'integer', minimum: 1, maximum: 9, default: 5 } },
      default: {},
    },
    ldap: {
      type: 'object',
      additionalProperties: false,
      required: ['host'],
      properties: { host: { type: 'string' }, port: { type: 'integer', default: 389 } },
    },
    'odd key': { type: 'array', items: { type: 'string' }, maxItems: 3, default: ['x: y'] },
  },
};

const SCHEMAS: [string, object | undefined, Record<string, unknown>][] = [
  ['no settings', undefined, {}],
  ['the skeleton', schemaOf('images/starter/settings.schema.json'), {}],
  ['sphere', schemaOf('images/sphere/settings.schema.json'), { 'product.superuserEmail': 'me@example.org' }],
  ['awkward settings', AWKWARD, { 'product.mode': '# c', 'product.admin.email': 'me@example.org' }],
];

describe.each(SCHEMAS)('an answers template for %s', (_name, schema, required) => {
  const template = answersTemplate(schema, 'Answers for a test.');
  const paths = settingsOf(answersSchema(schema)).map(({ path }) => path);

  test('asks for what is required and for nothing else, and is valid with it', () => {
    const data = parse(template) as Record<string, unknown>;
    const asked = paths.filter((path) => path !== 'schemaVersion' && settingAt(data, path) !== undefined);
    expect(asked).toEqual(Object.keys(required));
    for (const path of asked) expect(settingAt(data, path)).toBeNull();
    if (asked.length > 0) expect(validateAnswers(data, schema)).not.toEqual([]);
    for (const [path, value] of Object.entries(required)) setAt(data, path, value);
    expect(validateAnswers(data, schema)).toEqual([]);
  });

  test('shows every setting, with its default', () => {
    const data = parse(template.replaceAll(/^( *)#(?! )/gm, '$1')) as Record<string, unknown>;
    for (const { path, schema: setting } of settingsOf(answersSchema(schema))) {
      const shown = settingAt(data, path);
      expect({ path, shown }).toEqual({ path, shown: path === 'schemaVersion' ? 1 : (setting.default ?? null) });
    }
    expect(settingsOf(answersSchema(schema))).toHaveLength(paths.length);
  });

  test('has lines that are read at a glance', () => {
    for (const line of template.split('\n').filter((each) => /^ *# /.test(each))) expect(line.length).toBeLessThanOrEqual(110);
  });
});

test('words of a template', () => {
  const template = answersTemplate(AWKWARD, 'Answers for a test.');
  expect(template).toContain('  # Mode # broken here. long words');
  expect(template).toContain('  # One of "a: b", "# c". Required.\n  mode:\n');
  expect(template).toContain('    # Text. Secret: it is never shown again. The unit makes one where there is none.\n    #token:\n');
  expect(template).toContain('  #ldap:\n    # Text. Required where its group is given.\n    #host:\n');
  expect(template).toContain('    # Whole number, at least 1, at most 9. Default: 5.\n    #size: 5\n');
});
