/** A section's settings as the controls of a form: a pure function of schema, kept values and language, for templates to show. */
import { isDeepStrictEqual } from 'node:util';

import { textIn } from '../../contract/texts.ts';
import { pointerOf, type SettingSchema } from '../../settings/index.ts';
import type { Language, TextKey, Translate } from '../language.ts';
import { branchName, idOf } from './names.ts';
import { type Condition, choicesOf, conditionsOf, kindOf, typeOf, type Union, unionOf } from './schema.ts';

export interface FormContext {
  language: Language;
  t: Translate;
  /** Dotted paths from the top of the answers, as in KeptSettings. */
  secretsSet: ReadonlySet<string>;
  origins: Readonly<Record<string, string>>;
  /** Messages by dotted path; a control shows its own and those below it that have no control. */
  errors: ReadonlyMap<string, readonly string[]>;
  /** The name of a list of groups that gets one more, empty one. */
  more?: string | undefined;
}

export interface Choice {
  value: string;
  title: string;
  chosen: boolean;
  id: string;
}

/** One control or group, as `templates/field-*.hbs` shows it. */
export interface Field {
  partial: string;
  id: string;
  name: string;
  /** Dotted path from the top of the answers. */
  path: string;
  label: string;
  help?: string | undefined;
  errors: readonly string[];
  /** Ids of help and errors. */
  describedBy?: string | undefined;
  required: boolean;
  /** Where the value came from, where that is not the default and not this page. */
  origin?: string | undefined;
  /** As attributes for the page's script. */
  when?: { name: string; values: string } | undefined;
  /** Text, or the lines of a list. */
  value?: string;
  inputType?: string;
  inputMode?: string;
  rows?: number;
  maxLength?: number | undefined;
  checked?: boolean;
  choices?: Choice[];
  /** Something is kept that is not shown: a secret or a file. */
  kept?: string | undefined;
  /** What removing it is called. */
  clearTitle?: string | undefined;
  secret?: boolean;
  /** Shown while typing how good a password is. */
  strength?: boolean;
  fields?: Field[];
  /** Of a list of groups. */
  items?: { fields: Field[]; name: string; title: string; remove: string; shown: boolean }[];
  canAdd?: boolean;
}

interface Node {
  schema: SettingSchema;
  name: string;
  path: string;
  value: unknown;
  required: boolean;
  label: string;
  when?: Condition | undefined;
  /** The name of the control that `when` is about. */
  decider?: string | undefined;
}

/** The controls of a section; `name` is its member in the answers. */
export function sectionFields(name: string, schema: SettingSchema, values: unknown, context: FormContext): Field[] {
  return memberFields({ schema, name: '', path: name, value: values, required: true, label: '' }, context);
}

function memberFields(group: Node, context: FormContext): Field[] {
  const conditions = conditionsOf(group.schema);
  const values = asRecord(group.value);
  return Object.entries(group.schema.properties ?? {}).flatMap(([member, schema]) => {
    // Without a title it is there for programs.
    if (schema.const !== undefined && schema['x-titles'] === undefined) return [];
    const when = conditions.get(member);
    const node: Node = {
      schema,
      name: group.name + pointerOf([member]),
      path: `${group.path}.${member}`,
      value: Object.hasOwn(values, member) ? values[member] : undefined,
      required: (group.schema.required ?? []).includes(member),
      label: titleOf(schema, context.language) ?? member,
      when,
      decider: when === undefined ? undefined : group.name + pointerOf([when.member]),
    };
    return [fieldOf(node, context)];
  });
}

type Build = (node: Node, context: FormContext) => Partial<Field>;

const BUILDERS: Record<ReturnType<typeof kindOf>, Build> = {
  fixed: ({ schema }) => ({ value: asText(schema.const) }),
  text: textField,
  area: areaField,
  number: ({ value }) => ({ partial: 'field-text', inputType: 'text', inputMode: 'numeric', value: asText(value) }),
  boolean: ({ value }) => ({ checked: value === true }),
  choice: choiceField,
  several: severalField,
  lines: ({ value }) => ({ partial: 'field-area', rows: 4, value: Array.isArray(value) ? value.map(asText).join('\n') : asText(value) }),
  file: fileField,
  group: (node, context) => ({ fields: memberFields(node, context) }),
  repeat: repeatField,
  union: unionField,
  json: ({ value }) => ({
    partial: 'field-area',
    rows: 6,
    value: value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value, null, 2),
  }),
};

function fieldOf(node: Node, context: FormContext): Field {
  const { schema, name, path, when } = node;
  const kind = kindOf(schema);
  const id = idOf(name);
  const own = BUILDERS[kind](node, context);
  const help = [helpOf(schema, context.language), extraHelp(kind, context.t)].filter((text) => text !== undefined).join(' ') || undefined;
  const errors = own.fields === undefined && own.items === undefined ? errorsBelow(path, context) : (context.errors.get(path) ?? []);
  const secret = schema.writeOnly === true;
  const kept = secret && context.secretsSet.has(path) ? context.t('field.secretKept') : own.kept;
  return {
    partial: `field-${kind}`,
    id,
    name,
    path,
    label: node.label,
    help,
    errors,
    describedBy: [help && `${id}-help`, kept && `${id}-kept`, errors.length > 0 && `${id}-error`].filter(Boolean).join(' ') || undefined,
    required: node.required && schema.default === undefined && !secret,
    origin: originOf(path, node.value, context),
    when: when && node.decider ? { name: node.decider, values: JSON.stringify(when.values.map(asText)) } : undefined,
    secret,
    clearTitle: kept && context.t(schema['x-generate'] === undefined ? 'field.clear' : 'field.clearGenerate'),
    ...own,
    kept,
  };
}

function extraHelp(kind: ReturnType<typeof kindOf>, t: Translate): string | undefined {
  const keys: Partial<Record<typeof kind, TextKey>> = { lines: 'field.onePerLine', json: 'field.json' };
  const key = keys[kind];
  return key && t(key);
}

/** Words for the sources of values (SOURCE_ORDER in settings/merge.ts); those of this page go without saying. */
export function originText(source: string, t: Translate): string {
  const keys: Readonly<Record<string, TextKey>> = {
    default: 'origin.default',
    'ovf-environment': 'origin.ovf',
    'cloud-init': 'origin.cloudInit',
    'answers-disk': 'origin.disk',
    wizard: 'origin.wizard',
    unitctl: 'origin.unitctl',
    generated: 'origin.generated',
  };
  const key = keys[source];
  return key === undefined ? source : t(key);
}

function originOf(path: string, value: unknown, { origins, t, secretsSet }: FormContext): string | undefined {
  const source = origins[path];
  if (source === undefined || source === 'wizard' || source === 'default') return undefined;
  return value === undefined && !secretsSet.has(path) ? undefined : t('field.origin', { source: originText(source, t) });
}

const INPUT_TYPES: Readonly<Record<string, string>> = { email: 'email', uri: 'url' };
/** As long as passwords of people: shorter secrets are codes that nobody chooses. */
const PASSWORD_LENGTH = 8;

function textField({ schema, value }: Node, context: FormContext): Partial<Field> {
  const { maxLength } = schema;
  if (schema.writeOnly !== true) return { inputType: INPUT_TYPES[schema.format ?? ''] ?? 'text', value: asText(value), maxLength };
  const kept = schema['x-generate'] === undefined ? {} : { help: withGenerated(schema, context) };
  return { inputType: 'password', value: '', maxLength, strength: (schema.minLength ?? 0) >= PASSWORD_LENGTH, ...kept };
}

function withGenerated(schema: SettingSchema, { language, t }: FormContext): string {
  return [helpOf(schema, language), t('field.generated')].filter((text) => text !== undefined).join(' ');
}

/** PEM files and the like can be pasted or chosen. */
function areaField({ schema, value }: Node): Partial<Field> {
  return { rows: 8, value: schema.writeOnly === true ? '' : asText(value) };
}

function fileField({ schema, value }: Node, { t }: FormContext): Partial<Field> {
  if (schema.writeOnly === true || typeof value !== 'string' || value === '') return {};
  return { kept: t('field.fileKept', { size: Buffer.from(value, 'base64').length }), clearTitle: t('field.clear') };
}

/** More choices than these are a list that opens. */
const RADIOS = 5;

function choiceField(node: Node, context: FormContext): Partial<Field> {
  const { schema, value, name } = node;
  const choices = (choicesOf(schema) ?? []).map((choice, index) => ({
    value: asText(choice.value),
    title: titleOf(choice.schema, context.language) ?? choiceTitle(schema, choice.value, context),
    chosen: isDeepStrictEqual(choice.value, value),
    id: `${idOf(name)}-${index}`,
  }));
  const isList = choices.length > RADIOS;
  const optional = schema.default === undefined && !node.required;
  const none: Choice = { value: '', title: context.t('field.none'), chosen: value === undefined, id: `${idOf(name)}-none` };
  // A list that opens always has something chosen: without this it would be the first choice, by accident.
  const all = optional || (isList && value === undefined) ? [none, ...choices] : choices;
  return { partial: isList ? 'field-select' : 'field-choice', choices: all };
}

function severalField({ schema, value, name }: Node, context: FormContext): Partial<Field> {
  const given = Array.isArray(value) ? value : [];
  const choices = (choicesOf(schema.items ?? {}) ?? []).map((choice, index) => ({
    value: asText(choice.value),
    title: titleOf(choice.schema, context.language) ?? choiceTitle(schema.items ?? {}, choice.value, context),
    chosen: given.some((each) => isDeepStrictEqual(each, choice.value)),
    id: `${idOf(name)}-${index}`,
  }));
  return { choices };
}

function choiceTitle(schema: SettingSchema, value: unknown, { language }: FormContext): string {
  const texts = schema['x-choices']?.[asText(value)];
  return texts === undefined ? asText(value) : textIn(texts, language);
}

function repeatField({ schema, value, name, path, label }: Node, context: FormContext): Partial<Field> {
  const items = schema.items ?? {};
  const given: unknown[] = Array.isArray(value) ? value : [];
  const all = context.more === name || given.length === 0 ? [...given, undefined] : given;
  const most = typeof schema['maxItems'] === 'number' ? schema['maxItems'] : Number.POSITIVE_INFINITY;
  return {
    items: all.map((item, index) => {
      const node: Node = { schema: items, name: `${name}/${index}`, path: `${path}.${index}`, value: item, required: true, label: '' };
      const fields = kindOf(items) === 'union' ? (unionField(node, context).fields ?? []) : memberFields(node, context);
      const title = titleOf(items, context.language) ?? label;
      return { fields, name: node.name, title: `${title} ${index + 1}`, remove: `remove:${node.name}`, shown: index < given.length };
    }),
    canAdd: all.length < most,
  };
}

function unionField({ schema, value, name, path, required }: Node, context: FormContext): Partial<Field> {
  const union = unionOf(schema) as Union;
  const chosen = asRecord(value)[union.member];
  const decider = name + pointerOf([union.member]);
  const first = union.branches[0]?.schema.properties?.[union.member] ?? {};
  const choice = fieldOf(
    {
      schema: { ...first, const: undefined, enum: union.branches.map((branch) => branch.value), 'x-choices': titlesOf(union) },
      name: decider,
      path: `${path}.${union.member}`,
      value: chosen,
      required,
      label: titleOf(first, context.language) ?? union.member,
    },
    context,
  );
  const branches = union.branches.flatMap((branch, index) => {
    const { [union.member]: _, ...properties } = branch.schema.properties ?? {};
    const node: Node = {
      schema: { ...branch.schema, properties },
      name: branchName(name, index),
      path,
      value: branch.value === chosen ? value : undefined,
      required: true,
      label: '',
    };
    const when = { name: decider, values: JSON.stringify([asText(branch.value)]) };
    return memberFields(node, context).map((field) => ({ ...field, when: field.when ?? when }));
  });
  return { partial: 'field-group', fields: [choice, ...branches] };
}

function titlesOf(union: Union): NonNullable<SettingSchema['x-choices']> {
  return Object.fromEntries(
    union.branches.flatMap(({ value, schema }) => (schema['x-titles'] === undefined ? [] : [[asText(value), schema['x-titles']]])),
  );
}

function errorsBelow(path: string, { errors }: FormContext): readonly string[] {
  return [...errors].flatMap(([at, messages]) => (at === path || at.startsWith(`${path}.`) ? messages : []));
}

export function titleOf(schema: SettingSchema, language: Language): string | undefined {
  return schema['x-titles'] === undefined ? undefined : textIn(schema['x-titles'], language);
}

function helpOf(schema: SettingSchema, language: Language): string | undefined {
  return schema['x-help'] === undefined ? undefined : textIn(schema['x-help'], language);
}

/** A value as its control shows it. */
export function asText(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

/** True where the schema's own type is a number. */
export function isNumber(schema: SettingSchema): boolean {
  return ['integer', 'number'].includes(typeOf(schema) ?? '');
}
