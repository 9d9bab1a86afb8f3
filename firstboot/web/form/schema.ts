/** What a form needs to know of a settings schema's node: which control it is, and when it matters. */
import { discriminator } from '../../settings/branches.ts';
import type { SettingSchema } from '../../settings/index.ts';

export type Kind =
  | 'fixed'
  | 'text'
  | 'area'
  | 'number'
  | 'boolean'
  | 'choice'
  | 'several'
  | 'lines'
  | 'file'
  | 'group'
  | 'repeat'
  | 'union'
  | 'json';

/** A union of groups that are told apart by a member with a fixed value. */
export interface Union {
  member: string;
  branches: { value: unknown; schema: SettingSchema }[];
}

/** Shown only while a sibling has one of these values. */
export interface Condition {
  member: string;
  values: unknown[];
}

/** Characters; texts that may be longer have several lines, such as PEM files. */
const LONGEST_ROW = 1000;

/** Every schema has a control: what no other fits is asked for as JSON. */
export function kindOf(schema: SettingSchema): Kind {
  if (schema.const !== undefined) return 'fixed';
  if (choicesOf(schema) !== undefined) return 'choice';
  if (schema.properties !== undefined) return 'group';
  if (unionOf(schema) !== undefined) return 'union';
  switch (typeOf(schema)) {
    case 'boolean':
      return 'boolean';
    case 'integer':
    case 'number':
      return 'number';
    case 'string':
      if (schema['contentEncoding'] === 'base64') return 'file';
      return schema['contentMediaType'] === undefined && (schema.maxLength ?? 0) <= LONGEST_ROW ? 'text' : 'area';
    case 'array':
      return kindOfList(schema.items);
    default:
      return 'json';
  }
}

function kindOfList(items: SettingSchema | undefined): Kind {
  if (items === undefined) return 'json';
  const kind = kindOf(items);
  if (kind === 'choice') return 'several';
  if (kind === 'text' || kind === 'number') return 'lines';
  return kind === 'group' || kind === 'union' ? 'repeat' : 'json';
}

/** The first type that is not null. */
export function typeOf({ type }: SettingSchema): string | undefined {
  return [type].flat().find((each) => each !== 'null');
}

/** The values to choose from: `enum`, or constants side by side, each perhaps with a title. */
export function choicesOf(schema: SettingSchema): { value: unknown; schema: SettingSchema }[] | undefined {
  if (schema.enum !== undefined) return schema.enum.map((value) => ({ value, schema: {} }));
  const branches = (schema['anyOf'] ?? schema['oneOf']) as SettingSchema[] | undefined;
  if (schema.properties !== undefined || branches === undefined || branches.some((each) => each.const === undefined)) return undefined;
  return branches.map((each) => ({ value: each.const, schema: each }));
}

export function unionOf(schema: SettingSchema): Union | undefined {
  const branches = (schema['oneOf'] ?? schema['anyOf']) as SettingSchema[] | undefined;
  if (schema.properties !== undefined || branches === undefined) return undefined;
  const fixed = discriminator(branches as Parameters<typeof discriminator>[0]);
  if (fixed === undefined) return undefined;
  return { member: fixed.member, branches: branches.map((each, index) => ({ value: fixed.values[index], schema: each })) };
}

/**
 * When members of a group matter: what `x-when` says, else what `if`/`then`/`else` and unions beside `properties` ask for. A
 * member that two different siblings decide about is always shown.
 */
export function conditionsOf(schema: SettingSchema): Map<string, Condition> {
  const found = new Map<string, Condition | 'several'>();
  for (const { members, condition } of [schema, ...((schema['allOf'] ?? []) as SettingSchema[])].flatMap(rulesOf)) {
    for (const member of members) {
      const other = found.get(member);
      if (other === undefined) found.set(member, condition);
      else if (other === 'several' || other.member !== condition.member) found.set(member, 'several');
      else found.set(member, { member: other.member, values: [...new Set([...other.values, ...condition.values])] });
    }
  }
  for (const [name, { 'x-when': when }] of Object.entries(schema.properties ?? {})) {
    const [member, values] = Object.entries(when ?? {})[0] ?? [];
    if (member !== undefined && values !== undefined) found.set(name, { member, values });
  }
  return new Map([...found].filter((entry): entry is [string, Condition] => entry[1] !== 'several'));
}

interface Rule {
  members: string[];
  condition: Condition;
}

function rulesOf(schema: SettingSchema): Rule[] {
  return [...rulesOfIf(schema), ...rulesOfUnion(schema)];
}

function rulesOfIf(schema: SettingSchema): Rule[] {
  const tested = Object.entries((schema['if'] as SettingSchema | undefined)?.properties ?? {});
  const [member, test] = tested[0] ?? [];
  const values = test && (test.enum ?? (test.const === undefined ? undefined : [test.const]));
  if (tested.length !== 1 || member === undefined || values === undefined) return [];
  const all = schema.properties?.[member] && choicesOf(schema.properties[member])?.map(({ value }) => value);
  const others = all?.filter((value) => !values.includes(value));
  const rule = (keyword: 'then' | 'else', when: unknown[]): Rule => ({
    members: membersOf(schema[keyword] as SettingSchema | undefined, member),
    condition: { member, values: when },
  });
  return [rule('then', values), ...(others === undefined ? [] : [rule('else', others)])];
}

function rulesOfUnion(schema: SettingSchema): Rule[] {
  const branches = (schema['oneOf'] ?? schema['anyOf']) as SettingSchema[] | undefined;
  if (schema.properties === undefined || branches === undefined) return [];
  const fixed = discriminator(branches as Parameters<typeof discriminator>[0]);
  if (fixed === undefined) return [];
  return branches.map((branch, index) => ({
    members: membersOf(branch, fixed.member),
    condition: { member: fixed.member, values: [fixed.values[index]] },
  }));
}

function membersOf(schema: SettingSchema | undefined, decider: string): string[] {
  const names = [...Object.keys(schema?.properties ?? {}), ...(schema?.required ?? [])];
  return [...new Set(names)].filter((name) => name !== decider);
}
