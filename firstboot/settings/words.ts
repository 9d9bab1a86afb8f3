/** Schema violations in plain words, each with a suggestion: the same wherever data of people is checked. */
import type { EveryText } from '../contract/texts.ts';
import { branchesOf, discriminator, distinctMembers, meantViolations, type RawViolation, schemaAt } from './branches.ts';
import { nearest } from './nearest.ts';
import { pointerOf, segmentsOf, valueAt } from './pointer.ts';

export interface Violation {
  /** JSON pointer to what is wrong; for a missing member, to the object that lacks it. */
  path: string;
  message: string;
  /** What to do about it, as a sentence. */
  suggestion?: string;
  /** The schema keyword or the rule that found it. */
  keyword: string;
  /** The member that a rule found missing at `path`. */
  lacks?: string;
  /** Where a rule found it: what the setup page says. */
  texts?: EveryText;
}

/** What a rule finds: the page has no words of its own for that. */
export type RuleViolation = Violation & { texts: EveryText };

interface Subject {
  violation: RawViolation;
  /** What the schema's keyword says, and the schema that the keyword stands in. */
  schema: Record<string, unknown>;
  root: object;
  value: unknown;
  /** How the thing is called in a sentence. */
  name: string;
  /** The value as its file has it, where that is known. */
  source: string | undefined;
}

export interface WordingOptions {
  /** Values are never quoted otherwise: they may be secrets. */
  showValues?: boolean;
  /** The value at a pointer as its file has it: `1.10`, where the data has 1.1. */
  sourceAt?: (pointer: string) => string | undefined;
}

/** All violations in plain words. */
export function plainViolations(raw: readonly RawViolation[], schema: object, data: unknown, options: WordingOptions = {}): Violation[] {
  const seen = new Set<string>();
  return meantViolations(raw, schema, data).flatMap((violation) => {
    const plain = inWords(
      { ...subjectOf(violation, schema, data), source: options.sourceAt?.(violation.path) },
      options.showValues === true,
    );
    const key = plain === undefined ? '' : `${plain.path}\n${plain.message}`;
    if (plain === undefined || seen.has(key)) return [];
    seen.add(key);
    return [plain];
  });
}

function subjectOf(violation: RawViolation, root: object, data: unknown): Omit<Subject, 'source'> {
  const parent = schemaAt(root, violation.schemaPath.replace(/\/[^/]*$/, ''));
  const segments = segmentsOf(violation.path);
  return {
    violation,
    root,
    schema: (typeof parent === 'object' && parent !== null ? parent : {}) as Record<string, unknown>,
    value: valueAt(data, segments),
    name: segments.length === 0 ? 'the document' : nameOf(segments),
  };
}

/** `steps[2].with` for `/steps/2/with`. */
function nameOf(segments: readonly string[]): string {
  return segments.map((segment, index) => (/^\d+$/.test(segment) ? `[${segment}]` : `${index === 0 ? '' : '.'}${segment}`)).join('');
}

type Wording = (subject: Subject, showValues: boolean) => Partial<Violation> | undefined;

const WORDINGS: Record<string, Wording> = {
  if: () => undefined,
  additionalProperties: unknownKey,
  required: missingKey,
  enum: ({ schema, name, value }, showValues) => oneOf(name, schema['enum'] as unknown[], value, showValues),
  const: ({ schema, name, value }, showValues) => oneOf(name, [schema['const']], value, showValues),
  type: wrongType,
  pattern: wrongForm,
  format: ({ violation, name, value }, showValues) => ({
    message: `${name} is not ${FORMATS[String(violation.params['format'])] ?? `a ${String(violation.params['format'])}`}${found(value, showValues)}`,
  }),
  anyOf: noBranch,
  oneOf: noBranch,
  minLength: ({ violation, name }) => tooFew(name, Number(violation.params['limit']), 'character'),
  minItems: ({ violation, name }) => tooFew(name, Number(violation.params['limit']), 'entry'),
  maxLength: ({ violation, name }) => outside(name, 'is longer than', violation, 'characters'),
  maxItems: ({ violation, name }) => outside(name, 'has more than', violation, 'entries'),
  minimum: ({ violation, name }) => outside(name, 'is less than', violation),
  maximum: ({ violation, name }) => outside(name, 'is more than', violation),
  uniqueItems: ({ violation, name }) => ({
    message: `${name} has the same entry twice`,
    suggestion: 'Keep one of them.',
    path: `${violation.path}/${Math.max(Number(violation.params['i']), Number(violation.params['j']))}`,
  }),
};

const FORMATS: Record<string, string> = {
  email: 'an e-mail address',
  uri: 'a full URL such as https://example.org/',
  hostname: 'a host name',
  ipv4: 'an IPv4 address',
  ipv6: 'an IPv6 address',
};

function inWords(subject: Subject, showValues: boolean): Violation | undefined {
  const { path, keyword, message } = subject.violation;
  const wording = WORDINGS[keyword];
  if (wording === undefined) return { path, keyword, message: `${subject.name} ${message}` };
  const words = wording(subject, showValues);
  return words === undefined ? undefined : { path, keyword, message: `${subject.name} ${message}`, ...words };
}

function unknownKey({ violation, schema, name }: Subject): Partial<Violation> {
  const key = String(violation.params['additionalProperty']);
  const known = Object.keys((schema['properties'] as object | undefined) ?? {});
  const patterns = Object.keys((schema['patternProperties'] as object | undefined) ?? {});
  const path = violation.path + pointerOf([key]);
  if (patterns.length > 0) {
    return {
      path,
      message: `"${key}" is not a possible name in ${name}`,
      suggestion: schemaHint(schema) ?? `Names must match ${patterns.join(' or ')}.`,
    };
  }
  const near = nearest(key, known);
  const place = name === 'the document' ? 'here' : `in ${name}`;
  return {
    path,
    message: `"${key}" is not known ${place}`,
    suggestion: near === undefined ? knownHere(known) : `Did you mean "${near}"?`,
  };
}

/** More names than this help nobody. */
const LONGEST_LIST = 30;

function knownHere(known: readonly string[]): string {
  if (known.length === 0) return 'Remove it: nothing can be set here.';
  return known.length > LONGEST_LIST ? 'Look it up in the reference, or remove it.' : `Known here: ${known.join(', ')}.`;
}

function schemaHint(schema: Record<string, unknown>): string | undefined {
  const names = schema['propertyNames'] as { description?: string } | undefined;
  return names?.description === undefined ? undefined : `${names.description}.`;
}

function missingKey({ violation, schema, name }: Subject): Partial<Violation> {
  const key = String(violation.params['missingProperty']);
  const member = (schema['properties'] as Record<string, { description?: string }> | undefined)?.[key];
  const place = name === 'the document' ? '' : ` in ${name}`;
  return {
    message: `"${key}" is missing${place}`,
    suggestion: member?.description === undefined ? `Add ${key}.` : `Add ${key}: ${lowerFirst(member.description)}.`,
  };
}

function oneOf(name: string, allowed: readonly unknown[], value: unknown, showValues: boolean): Partial<Violation> {
  const words = allowed.map((item) => (typeof item === 'string' ? item : JSON.stringify(item)));
  const near = showValues && typeof value === 'string' ? nearest(value, words) : undefined;
  const quoted = showValues ? JSON.stringify(value) : undefined;
  return {
    message: quoted === undefined || quoted.length > 60 ? `${name} has a value that is not possible` : `${name} cannot be ${quoted}`,
    suggestion: `${near === undefined ? '' : `Did you mean "${near}"? `}Allowed: ${words.join(', ')}.`,
  };
}

const TYPES: Record<string, string> = {
  string: 'text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  object: 'a group of "name: value" lines',
  array: 'a list',
  null: 'empty',
};

function wrongType({ violation, name, value, source }: Subject, showValues: boolean): Partial<Violation> {
  const wanted = String(violation.params['type']).split(',');
  const words = wanted.map((type) => TYPES[type] ?? type).join(' or ');
  const scalar = typeof value === 'number' || typeof value === 'boolean';
  const quote = wanted.includes('string') && scalar && showValues ? { suggestion: `Put it in quotes: "${source ?? String(value)}".` } : {};
  return { message: `${name} must be ${words}, but is ${kindOf(value)}`, suggestion: `Give ${words}.`, ...quote };
}

function kindOf(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number') return Number.isInteger(value) ? 'a whole number' : 'a number';
  return TYPES[typeof value] ?? typeof value;
}

function wrongForm({ violation, schema, name, value }: Subject, showValues: boolean): Partial<Violation> {
  const hint = schema['description'];
  return {
    message: `${name} does not have the form that is wanted${found(value, showValues)}`,
    suggestion: typeof hint === 'string' ? `Wanted: ${lowerFirst(hint)}.` : `It must match ${String(violation.params['pattern'])}.`,
  };
}

function noBranch({ violation, root, value, name, schema }: Subject, showValues: boolean): Partial<Violation> | undefined {
  const branches = branchesOf(root, violation);
  const fixed = discriminator(branches);
  const record = typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  if (fixed !== undefined && record !== undefined) {
    const given = record[fixed.member];
    if (given === undefined)
      return { message: `"${fixed.member}" is missing in ${name}`, suggestion: `Add ${fixed.member}: one of ${fixed.values.join(', ')}.` };
    return { path: violation.path + pointerOf([fixed.member]), ...oneOf(`${name}.${fixed.member}`, fixed.values, given, showValues) };
  }
  const members = distinctMembers(branches).filter((member) => member !== undefined);
  if (violation.params['passingSchemas'] != null) {
    const choice = members.length > 0 ? `Keep one of ${members.join(', ')}.` : 'Decide for one form.';
    return { message: `${name} mixes forms that exclude each other`, suggestion: choice };
  }
  if (members.length > 0) return noMember(name, members, record);
  const hint = schema['description'];
  return {
    message: `${name} has none of the forms that are possible here`,
    ...(typeof hint === 'string' ? { suggestion: `Wanted: ${lowerFirst(hint)}.` } : {}),
  };
}

function noMember(name: string, members: readonly string[], record: Record<string, unknown> | undefined): Partial<Violation> {
  const near = Object.keys(record ?? {})
    .map((key) => nearest(key, members))
    .find((member) => member !== undefined);
  return {
    message: `${name} must have one of ${members.join(', ')}`,
    suggestion:
      near === undefined ? `Write it as one of: ${members.map((member) => `${member}: ...`).join(' | ')}.` : `Did you mean "${near}"?`,
  };
}

function tooFew(name: string, limit: number, unit: 'character' | 'entry'): Partial<Violation> {
  const count = limit === 1 ? `one ${unit}` : `${limit} ${unit === 'entry' ? 'entries' : `${unit}s`}`;
  const suggestion = `Give at least ${count}.`;
  return limit === 1
    ? { message: `${name} must not be empty`, suggestion }
    : { message: `${name} must have at least ${count}`, suggestion };
}

function outside(name: string, relation: string, { keyword, params }: RawViolation, unit = ''): Partial<Violation> {
  const limit = `${String(params['limit'])} ${unit}`.trim();
  return { message: `${name} ${relation} ${limit}`, suggestion: `Give ${limit} or ${keyword === 'minimum' ? 'more' : 'less'}.` };
}

function found(value: unknown, showValues: boolean): string {
  if (!showValues || (typeof value === 'object' && value !== null)) return '';
  return `, found ${JSON.stringify(value)}`;
}

function lowerFirst(text: string): string {
  const trimmed = text.replace(/\.$/, '');
  return /^[A-Z][a-z ]/.test(trimmed) ? trimmed.charAt(0).toLowerCase() + trimmed.slice(1) : trimmed;
}
