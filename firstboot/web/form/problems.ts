/**
 * What is wrong with a section, by control and in the owner's language. The helper says which value is wrong; a rule between
 * settings brings its words along, what the schema alone can tell is said here.
 */
import type { KeptSettings, SettingProblem } from '../../contract/helper.ts';
import { textIn } from '../../contract/texts.ts';
import { type SettingSchema, settingAt, settingsOf } from '../../settings/index.ts';
import type { Language, TextKey, Translate } from '../language.ts';
import { titleOf } from './fields.ts';
import { choicesOf, typeOf } from './schema.ts';

export interface Complaint {
  /** Dotted path from the top of the answers. */
  path: string;
  /** The title of the setting. */
  title: string;
  message: string;
  missing: boolean;
}

export interface Words {
  language: Language;
  t: Translate;
}

/** Problems of one section, or of all sections where `section` is undefined. */
export function complaintsOf(kept: KeptSettings, words: Words, section?: string): Complaint[] {
  const all = kept.problems
    .filter(({ path }) => section === undefined || path === section || path.startsWith(`${section}.`))
    .flatMap((problem) => complain(problem, kept, words));
  // A group that lacks two members is complained about twice.
  return [...new Map(all.map((complaint) => [`${complaint.path} ${complaint.message}`, complaint])).values()];
}

function complain(problem: SettingProblem, kept: KeptSettings, words: Words): Complaint[] {
  const { path, missing, texts } = problem;
  if (texts !== undefined) {
    const ruleTitle = titleFor(kept.schema as SettingSchema, path, words.language);
    return [{ path, title: ruleTitle, message: textIn(texts, words.language), missing }];
  }
  const schema = schemaAt(kept.schema as SettingSchema, problem.path);
  const value = settingAt(kept.values, problem.path);
  const lacking = problem.missing && schema?.properties !== undefined ? lackingMembers(schema, value) : [];
  if (lacking.length > 0) {
    return lacking.map((member) => ({
      path: `${problem.path}.${member}`,
      title: titleOf(schema?.properties?.[member] ?? {}, words.language) ?? member,
      message: words.t('wrong.missing'),
      missing: true,
    }));
  }
  const title = titleFor(kept.schema as SettingSchema, problem.path, words.language);
  const message = schema === undefined ? undefined : plainMessage(problem, schema, value, words);
  return [{ path: problem.path, title, message: message ?? otherwise(problem, words), missing: problem.missing }];
}

/** Where neither a rule nor the schema beside the value tells: an answer that came from outside, mostly. */
function otherwise({ keyword, path }: SettingProblem, { t }: Words): string {
  if (keyword === 'additionalProperties') return t('wrong.unknown', { name: path.split('.').at(-1) });
  return t(keyword === 'uniqueItems' ? 'wrong.twice' : 'wrong.form');
}

function lackingMembers(schema: SettingSchema, value: unknown): string[] {
  const given = typeof value === 'object' && value !== null ? value : {};
  return (schema.required ?? []).filter((member) => !Object.hasOwn(given, member));
}

/** Undefined where the schema does not tell. */
function plainMessage(problem: SettingProblem, schema: SettingSchema, value: unknown, words: Words): string | undefined {
  if (problem.missing && schema.properties === undefined) return words.t('wrong.missing');
  if (schema.writeOnly === true && value === undefined) return limitsOf(schema, words) || undefined;
  return messageOf(schema, value, words);
}

interface Rule {
  /** Of JSON Schema. */
  keyword: string;
  fails(schema: SettingSchema, value: unknown): boolean;
  say(schema: SettingSchema, words: Words): string;
}

/** A limit of the schema. */
function limit(keyword: string, key: TextKey, fails: (value: unknown, most: unknown) => boolean): Rule {
  return {
    keyword,
    fails: (schema, value) => fails(value, schema[keyword]),
    say: (schema, { t }) => t(key, { limit: schema[keyword] }),
  };
}

const RULES: readonly Rule[] = [
  {
    keyword: 'type',
    fails: (schema, value) => !isOfType(typeOf(schema), value),
    say: (schema, { t }) => t(TYPE_KEYS[typeOf(schema) ?? ''] ?? 'wrong.form'),
  },
  {
    keyword: 'enum',
    fails: (schema, value) => choicesOf(schema)?.every((choice) => choice.value !== value) === true,
    say: (_schema, { t }) => t('wrong.choice'),
  },
  limit('minimum', 'wrong.minimum', (value, least) => below(value, least)),
  limit('maximum', 'wrong.maximum', (value, most) => below(most, value)),
  limit('minLength', 'wrong.minLength', (value, least) => below(lengthOf(value), least)),
  limit('maxLength', 'wrong.maxLength', (value, most) => below(most, lengthOf(value))),
  limit('maxItems', 'wrong.maxItems', (value, most) => Array.isArray(value) && below(most, value.length)),
  limit('minItems', 'wrong.minItems', (value, least) => Array.isArray(value) && below(value.length, least)),
  {
    keyword: 'pattern',
    fails: ({ pattern }, value) => pattern !== undefined && typeof value === 'string' && !new RegExp(pattern, 'u').test(value),
    say: patternWords,
  },
  {
    // Whether a text has it is not looked at twice: whoever asks knows that something is wrong.
    keyword: 'format',
    fails: ({ format = '' }, value) => FORMAT_KEYS[format] !== undefined && typeof value === 'string',
    say: ({ format = '' }, { t }) => t(FORMAT_KEYS[format] ?? 'wrong.form'),
  },
];

/** What a schema says against a value; undefined where it says nothing that this page has words for. */
function messageOf(schema: SettingSchema, value: unknown, words: Words): string | undefined {
  return RULES.find(({ fails }) => fails(schema, value))?.say(schema, words);
}

/** An answer from outside that was refused; `english` where this page has no words for what is wrong with it. */
export interface Refusal {
  text: string;
  english: boolean;
}

export function refusalsOf({ refused = [], schema }: KeptSettings, words: Words): Refusal[] {
  return refused.map(({ sentence, place, problem }) => {
    const message = problem && refusalWords(problem, schema as SettingSchema, words);
    if (problem === undefined || message === undefined) return { text: sentence, english: true };
    const title = titleFor(schema as SettingSchema, problem.path, words.language);
    return { text: [...(place === '' ? [] : [place]), title, message].join(': '), english: false };
  });
}

/** By the keyword that found it: the value itself was not kept. */
function refusalWords({ path, keyword, texts }: SettingProblem, schema: SettingSchema, words: Words): string | undefined {
  if (texts !== undefined) return textIn(texts, words.language);
  if (keyword === 'additionalProperties') return words.t('wrong.unknown', { name: path.split('.').at(-1) });
  const at = schemaAt(schema, path);
  return at && RULES.find((rule) => rule.keyword === keyword)?.say(at, words);
}

const TYPE_KEYS: Readonly<Record<string, TextKey>> = { integer: 'wrong.integer', number: 'wrong.number', array: 'wrong.list' };
const FORMAT_KEYS: Readonly<Record<string, TextKey>> = {
  email: 'wrong.email',
  uri: 'wrong.uri',
  hostname: 'wrong.hostname',
  ipv4: 'wrong.ipv4',
  ipv6: 'wrong.ipv6',
};

function patternWords(schema: SettingSchema, { language, t }: Words): string {
  const texts = schema['x-pattern-help'] ?? schema['x-help'];
  return texts === undefined ? t('wrong.form') : t('wrong.pattern', { help: textIn(texts, language) });
}

/** A secret is not here to be looked at: all that is asked of it. */
function limitsOf(schema: SettingSchema, words: Words): string {
  const { minLength, maxLength } = schema;
  return [
    minLength !== undefined && minLength > 1 ? words.t('wrong.minLength', { limit: minLength }) : '',
    maxLength === undefined ? '' : words.t('wrong.maxLength', { limit: maxLength }),
    schema['x-pattern-help'] === undefined ? '' : patternWords(schema, words),
  ]
    .filter((text) => text !== '')
    .join(' ');
}

function isOfType(type: string | undefined, value: unknown): boolean {
  switch (type) {
    case 'integer':
      return Number.isInteger(value);
    case 'number':
    case 'string':
    case 'boolean':
      return typeof value === type;
    case 'array':
      return Array.isArray(value);
    default:
      return true;
  }
}

function lengthOf(value: unknown): number | undefined {
  // As JSON Schema counts: code points (RFC 8259), not UTF-16 units.
  return typeof value === 'string' ? [...value].length : undefined;
}

function below(a: unknown, b: unknown): boolean {
  return typeof a === 'number' && typeof b === 'number' && a < b;
}

/** The schema at a dotted path, into lists too; undefined where there is none. */
export function schemaAt(schema: SettingSchema, path: string): SettingSchema | undefined {
  let at: SettingSchema | undefined = schema;
  for (const name of path.split('.')) {
    const properties: Record<string, SettingSchema> | undefined = at?.properties;
    if (properties !== undefined) at = Object.hasOwn(properties, name) ? properties[name] : undefined;
    else at = /^\d+$/.test(name) ? at?.items : undefined;
  }
  return at;
}

/** The title of the nearest setting that has one, with the place in a list: `SSH keys (2)`. */
export function titleFor(schema: SettingSchema, path: string, language: Language): string {
  const names = path.split('.');
  for (let length = names.length; length > 0; length -= 1) {
    const at = schemaAt(schema, names.slice(0, length).join('.'));
    const title = at === undefined ? undefined : titleOf(at, language);
    const place = names[length];
    if (title !== undefined) return place !== undefined && /^\d+$/.test(place) ? `${title} (${Number(place) + 1})` : title;
  }
  return path;
}

/** Each given value with where it came from, for the review; secrets are told apart by `secret`. */
export function givenSettings(kept: KeptSettings, section: string): { path: string; schema: SettingSchema; value: unknown }[] {
  const { properties } = kept.schema as SettingSchema;
  const schema = properties !== undefined && Object.hasOwn(properties, section) ? properties[section] : undefined;
  return settingsOf(schema ?? {}, section).map(({ path, schema: below }) => ({ path, schema: below, value: settingAt(kept.values, path) }));
}
