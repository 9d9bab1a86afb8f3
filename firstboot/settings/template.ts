/** An answers file to fill in, made from the schema: every setting with what it is, its type and its default. */

import type { Setup } from '../contract/unit.ts';
import type { SettingSchema } from './annotations.ts';
import { answersSchema } from './answers.ts';
import { withFixed } from './fixed.ts';

const COLUMNS = 110;

/**
 * YAML. What must be answered stands as it is, without a value; all else is commented out with its default, so that the
 * file is valid once the former has values. Text is after `# `, a setting after `#` alone: taking that away sets it.
 */
export function answersTemplate(productSchema: object | undefined, heading: string, setup?: Setup): string {
  const { schemaVersion: _, ...settings } = withFixed(answersSchema(productSchema), setup).properties ?? {};
  const members = Object.entries(settings).map(([name, schema]) => member(name, schema, { required: false, open: true, depth: 0 }));
  const explained = comment(
    `${heading} What must be answered stands as it is; all else shows its default, and is set by removing its "#".`,
    0,
  );
  return `${explained.join('\n')}\nschemaVersion: 1\n\n${members.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

interface Place {
  required: boolean;
  /** The groups around it are there in any case. */
  open: boolean;
  depth: number;
}

function member(name: string, schema: SettingSchema, place: Place): string[] {
  const key = /^[A-Za-z_][\w-]*$/.test(name) ? name : JSON.stringify(name);
  const about = [schema['x-titles']?.en, schema['x-help']?.en ?? schema.description].filter((text) => text !== undefined).join('. ');
  if (schema.properties === undefined) {
    const hash = mustAnswer(schema, place) ? '' : '#';
    const value = schema.default === undefined ? '' : ` ${JSON.stringify(schema.default)}`;
    return [
      ...comment(about, place.depth),
      ...comment(factsOf(schema, place), place.depth),
      `${indent(place.depth)}${hash}${key}:${value}`,
    ];
  }
  const open = place.open && (place.required || schema.default !== undefined);
  const children = Object.entries(schema.properties).map(([child, below]) =>
    member(child, below, { required: (schema.required ?? []).includes(child), open, depth: place.depth + 1 }),
  );
  // An empty group would be read as no group at all.
  const filled = children.some((lines) => lines.some((line) => !line.trimStart().startsWith('#')));
  return [...comment(about, place.depth), `${indent(place.depth)}${filled ? '' : '#'}${key}:`, ...children.flat()];
}

function mustAnswer(schema: SettingSchema, { required, open }: Place): boolean {
  return required && open && schema.default === undefined;
}

/** The limits as a sentence or two. */
function factsOf(schema: SettingSchema, place: Place): string {
  const secret = schema.writeOnly === true ? ' Secret: it is never shown again.' : '';
  return `${kindOf(schema)}${limitsOf(schema)}.${secret} ${needOf(schema, place)}`;
}

function needOf(schema: SettingSchema, place: Place): string {
  if (schema.const !== undefined) return `Fixed by the image: it is ${JSON.stringify(schema.const)}.`;
  if (schema.default !== undefined) return `Default: ${JSON.stringify(schema.default)}.`;
  if (schema['x-generate'] !== undefined) return 'The unit makes one where there is none.';
  if (mustAnswer(schema, place)) return 'Required.';
  return place.required ? 'Required where its group is given.' : 'May be left out.';
}

const KINDS: Record<string, string> = {
  string: 'Text',
  integer: 'Whole number',
  number: 'Number',
  boolean: 'true or false',
  array: 'List',
  object: 'Group of "name: value" lines',
};

const FORMATS: Record<string, string> = {
  email: 'E-mail address',
  uri: 'URL',
  hostname: 'Host name',
  ipv4: 'IPv4 address',
  ipv6: 'IPv6 address',
};

function kindOf({ type, enum: choices, format }: SettingSchema): string {
  if (choices !== undefined) return `One of ${choices.map((choice) => JSON.stringify(choice)).join(', ')}`;
  if (format !== undefined) return FORMATS[format] ?? `Text (${format})`;
  return [type ?? 'string']
    .flat()
    .map((each) => KINDS[each] ?? each)
    .join(' or ');
}

function limitsOf(schema: SettingSchema): string {
  const limit = (word: string, value: unknown, unit = ''): string => (typeof value === 'number' ? `, ${word} ${value}${unit}` : '');
  return [
    limit('at least', schema.minimum),
    limit('at most', schema.maximum),
    limit('at least', schema.minLength, ' characters'),
    limit('at most', schema.maxLength, ' characters'),
    limit('at least', schema['minItems'], ' entries'),
    limit('at most', schema['maxItems'], ' entries'),
  ].join('');
}

/** Text as comment lines; line breaks in it would end the comment. */
function comment(text: string, depth: number): string[] {
  const start = `${indent(depth)}# `;
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/[\s\u0085]+/).filter((each) => each !== '')) {
    if (line !== '' && start.length + line.length + 1 + word.length > COLUMNS) {
      lines.push(start + line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return line === '' ? lines : [...lines, start + line];
}

function indent(depth: number): string {
  return '  '.repeat(depth);
}
