/** What a form posted, as values of the section: the counterpart of fields.ts, by the same schema and the same names. */
import { isDeepStrictEqual } from 'node:util';

import type { KeptSettings } from '../../contract/helper.ts';
import { pointerOf, type SettingSchema, settingAt } from '../../settings/index.ts';
import type { Posted } from '../body.ts';
import { asText, isNumber } from './fields.ts';
import { branchName, CLEAR, SHOWN } from './names.ts';
import { choicesOf, kindOf, unionOf } from './schema.ts';

export interface Written {
  values: Record<string, unknown>;
  /** Dotted paths from the top of the answers. */
  clear: string[];
}

interface Reading {
  posted: Posted;
  shown: ReadonlySet<string>;
  cleared: ReadonlySet<string>;
  /** An entry of a list of groups that is to go. */
  remove: string | undefined;
}

/**
 * What the helper is to keep of a posted section. Only what the owner changed, or had given here before, becomes the page's:
 * a value that another source gave and nobody touched stays that source's.
 */
export function readSection(section: string, schema: SettingSchema, posted: Posted, kept: KeptSettings, remove?: string): Written {
  const reading: Reading = {
    posted,
    shown: new Set(posted.fields.get(SHOWN)),
    cleared: new Set(posted.fields.get(CLEAR)),
    remove,
  };
  const before = settingAt(kept.values, section);
  const written: Written = { values: {}, clear: [] };
  keepChanges(
    section,
    schema,
    readGroup(schema, '', before, reading),
    { written: written.values, clear: written.clear, kept, reading },
    '',
  );
  return written;
}

interface Changes {
  written: Record<string, unknown>;
  clear: string[];
  kept: KeptSettings;
  reading: Reading;
}

function keepChanges(path: string, schema: SettingSchema, given: unknown, changes: Changes, name: string): void {
  for (const [member, below] of Object.entries(schema.properties ?? {})) {
    const memberPath = `${path}.${member}`;
    const memberName = name + pointerOf([member]);
    const value = asRecord(given)[member];
    if (below.properties !== undefined) {
      const group: Record<string, unknown> = {};
      keepChanges(memberPath, below, value, { ...changes, written: group }, memberName);
      if (Object.keys(group).length > 0) setOwn(changes.written, member, group);
      continue;
    }
    const before = settingAt(changes.kept.values, memberPath);
    const own = changes.kept.origins[memberPath] === 'wizard';
    if (value !== undefined && (own || !isDeepStrictEqual(value, before))) setOwn(changes.written, member, value);
    const isKept = changes.kept.secretsSet.includes(memberPath);
    const emptied = below.writeOnly === true ? isKept && changes.reading.cleared.has(memberName) : before !== undefined;
    if (value === undefined && emptied && changes.reading.shown.has(memberName)) changes.clear.push(memberPath);
  }
}

function readGroup(schema: SettingSchema, name: string, before: unknown, reading: Reading): Record<string, unknown> {
  const given: Record<string, unknown> = {};
  for (const [member, below] of Object.entries(schema.properties ?? {})) {
    const value = readNode(below, name + pointerOf([member]), asRecord(before)[member], reading);
    if (value !== undefined) setOwn(given, member, value);
  }
  return given;
}

function readNode(schema: SettingSchema, name: string, before: unknown, reading: Reading): unknown {
  const kind = kindOf(schema);
  if (schema.const !== undefined) return schema.const;
  if (kind === 'group') return orNothing(readGroup(schema, name, before, reading));
  if (kind === 'union') return readUnion(schema, name, before, reading);
  if (!reading.shown.has(name)) return schema.writeOnly === true ? undefined : before;
  if (kind === 'repeat') return readRepeat(schema, name, before, reading);
  if (kind === 'file') return readFile(schema, name, before, reading);
  const texts = reading.posted.fields.get(name) ?? [];
  if (kind === 'boolean') return readBoolean(schema, texts, before);
  if (kind === 'several') return readSeveral(schema, texts, before);
  const file = reading.posted.files.get(name);
  const text = (file?.toString('utf8') ?? texts.at(-1) ?? '').replaceAll('\r\n', '\n');
  if (kind === 'lines') return readLines(schema, text, before);
  return text === '' ? undefined : readText(schema, text);
}

/** A group is given where something in it is. */
function orNothing(group: Record<string, unknown>): Record<string, unknown> | undefined {
  return Object.keys(group).length === 0 ? undefined : group;
}

function readUnion(schema: SettingSchema, name: string, before: unknown, reading: Reading): unknown {
  const union = unionOf(schema);
  const decider = union === undefined ? '' : name + pointerOf([union.member]);
  if (union === undefined || !reading.shown.has(decider)) return before;
  const chosen = reading.posted.fields.get(decider)?.at(-1);
  const index = union.branches.findIndex(({ value }) => asText(value) === chosen);
  const branch = union.branches[index];
  if (branch === undefined) return undefined;
  const { [union.member]: _, ...properties } = branch.schema.properties ?? {};
  const members = readGroup({ ...branch.schema, properties }, branchName(name, index), before, reading);
  return { [union.member]: branch.value, ...members };
}

/** New groups that say nothing are left out: the page shows an empty one to begin with. */
function readRepeat(schema: SettingSchema, name: string, before: unknown, reading: Reading): unknown {
  const items = schema.items ?? {};
  const start = `${name}/`;
  const indexes = [...reading.shown].flatMap((each) => {
    const index = each.startsWith(start) ? /^\d{1,4}/.exec(each.slice(start.length))?.[0] : undefined;
    return index === undefined ? [] : [Number(index)];
  });
  const old = Array.isArray(before) ? before : [];
  const given = [...new Set(indexes)]
    .sort((a, b) => a - b)
    .filter((index) => reading.remove !== `${name}/${index}`)
    .map((index) => ({ item: readNode(items, `${name}/${index}`, old[index], reading), isOld: index < old.length }))
    .filter(({ item, isOld }) => item !== undefined && (isOld || !saysNothing(items, item)))
    .map(({ item }) => item);
  return given.length === 0 && before === undefined ? undefined : given;
}

/** Only defaults, or nothing: what an empty group of controls posts. */
function saysNothing(items: SettingSchema, item: unknown): boolean {
  return Object.entries(asRecord(item)).every(([member, value]) => {
    const schema = items.properties?.[member];
    return value === undefined || isDeepStrictEqual(value, schema?.default);
  });
}

function readFile(schema: SettingSchema, name: string, before: unknown, { posted, cleared }: Reading): unknown {
  const file = posted.files.get(name);
  if (file !== undefined) return file.toString('base64');
  return schema.writeOnly === true || cleared.has(name) ? undefined : before;
}

/** A box that was never ticked and has no default says nothing. */
function readBoolean(schema: SettingSchema, texts: readonly string[], before: unknown): unknown {
  if (texts.length > 0) return true;
  return before === undefined && schema.default !== true ? undefined : false;
}

function readSeveral(schema: SettingSchema, texts: readonly string[], before: unknown): unknown {
  const chosen = (choicesOf(schema.items ?? {}) ?? []).filter(({ value }) => texts.includes(asText(value))).map(({ value }) => value);
  return chosen.length === 0 && before === undefined ? undefined : chosen;
}

function readLines(schema: SettingSchema, text: string, before: unknown): unknown {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => readText(schema.items ?? {}, line));
  return lines.length === 0 && before === undefined ? undefined : lines;
}

/** What cannot be read as the schema's type stays text: the helper keeps it, and says what is wrong with it. */
function readText(schema: SettingSchema, text: string): unknown {
  const choices = choicesOf(schema);
  if (choices !== undefined) return choices.find(({ value }) => asText(value) === text)?.value ?? text;
  if (isNumber(schema)) return /^\s*-?\d+(\.\d+)?\s*$/.test(text) ? Number(text) : text;
  if (kindOf(schema) === 'json') return parsed(text);
  // Pasted addresses come with blanks around them; texts of any form are taken as they are.
  return schema.format === undefined && schema.pattern === undefined ? text : tidied(schema, text);
}

function tidied({ pattern }: SettingSchema, text: string): string {
  const trimmed = text.trim();
  return pattern !== undefined && new RegExp(pattern, 'u').test(text) ? text : trimmed;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** An own member whatever its name. */
function setOwn(target: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
