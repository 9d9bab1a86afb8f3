/** YAML and JSON files read with positions: where in a file a value stands, and what keeps the file from being read. */
import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type YAMLError,
} from 'yaml';

import { segmentsOf } from '../../firstboot/settings/pointer.ts';
import type { Location, Problem } from '../kit/errors.ts';

/** More than any definition needs; keeps a wrong file (a disk image named image.yaml) from being taken into memory twice. */
export const MAX_BYTES = 1 << 20;

export interface SourceDocument {
  /** As messages name it. */
  file: string;
  data: unknown;
  /** Where the value at a JSON pointer stands; the nearest thing above it where there is no such value. */
  locate(pointer: string): Location;
  /** The same for the name of a member instead of its value. */
  locateKey(pointer: string): Location;
  /** Where a piece of a text value stands: `line` and `column` (1-based) count within the value. */
  locateIn(pointer: string, line: number, column: number): Location;
  /** A number, text or other single value as the file has it. */
  sourceAt(pointer: string): string | undefined;
}

export type Parsed = { document: SourceDocument; problems: [] } | { document: undefined; problems: Problem[] };

/** Reads YAML 1.2. JSON is read by `parseJson`. */
export function parseYaml(bytes: Uint8Array, file: string): Parsed {
  const text = decode(bytes, file);
  return typeof text === 'string' ? parseText(text, file) : failed([text]);
}

/** Reads strict JSON; positions come from a YAML parser, of which JSON is a subset. */
export function parseJson(bytes: Uint8Array, file: string): Parsed {
  const text = decode(bytes, file);
  if (typeof text !== 'string') return failed([text]);
  // Tabs indent JSON, but not YAML; a tab cannot be inside a JSON string, so nothing else changes.
  const parsed = parseText(text.replaceAll('\t', ' '), file);
  if (parsed.document === undefined) return parsed;
  try {
    return { document: { ...parsed.document, data: JSON.parse(text) as unknown }, problems: [] };
  } catch (error) {
    const offset = /position (\d+)/.exec((error as Error).message)?.[1];
    const before = text.slice(0, offset === undefined ? 0 : Number(offset)).split('\n');
    const where = { file, line: before.length, column: (before.at(-1) ?? '').length + 1 };
    return failed([
      {
        message: `this is not JSON: ${(error as Error).message}`,
        where,
        suggestion: 'JSON wants names in double quotes, and has no comments.',
      },
    ]);
  }
}

function decode(bytes: Uint8Array, file: string): string | Problem {
  const where = { file, line: 1, column: 1 };
  if (bytes.length > MAX_BYTES)
    return { message: `the file is larger than ${MAX_BYTES >> 20} MiB`, where, suggestion: 'Is this the right file?' };
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (text.trim() === '') return { message: 'the file is empty', where, suggestion: 'Start from a skeleton: unitsmith new NAME.' };
    return text;
  } catch {
    return { message: 'the file is not UTF-8 text', where, suggestion: 'Save it as UTF-8.' };
  }
}

function parseText(text: string, file: string): Parsed {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true, version: '1.2', strict: true });
  const faults = [...document.errors, ...document.warnings].map((fault) => toProblem(fault, file, lines, text));
  if (faults.length > 0) return failed(faults);
  try {
    const data: unknown = document.toJS({ maxAliasCount: 100 });
    return { document: positions(document, data, file, lines, text), problems: [] };
  } catch (error) {
    // The one thing that toJS refuses: aliases that would expand beyond measure, or that name no anchor.
    const message = `the aliases (*name) in this file cannot be expanded: ${(error as Error).message}`;
    return failed([{ message, where: { file, line: 1, column: 1 }, suggestion: 'Write the values out.' }]);
  }
}

function failed(problems: Problem[]): Parsed {
  return { document: undefined, problems };
}

const FAULTS: Record<string, { message: string; suggestion: string }> = {
  DUPLICATE_KEY: { message: 'is given twice', suggestion: 'Keep one of them.' },
  TAB_AS_INDENT: { message: 'this line is indented with a tab', suggestion: 'YAML is indented with spaces.' },
  MULTIPLE_DOCS: { message: 'a second document starts here', suggestion: 'Remove the line ---.' },
  TAG_RESOLVE_FAILED: { message: 'this tag (!name) means nothing here', suggestion: 'Put a text that starts with ! in quotes.' },
};

function toProblem(fault: YAMLError, file: string, lines: LineCounter, text: string): Problem {
  const { line, col } = lines.linePos(fault.pos[0]);
  const where = { file, line, column: col };
  const known = FAULTS[fault.code];
  if (fault.code === 'DUPLICATE_KEY') {
    const key = /^("[^"]*"|'[^']*'|[^\s:#,\]}]+)/.exec(text.slice(fault.pos[0]))?.[0] ?? 'a name';
    return { message: `${key.startsWith('"') ? key : `"${key}"`} is given twice`, where, suggestion: 'Keep one of them.' };
  }
  if (known !== undefined) return { message: known.message, where, suggestion: known.suggestion };
  return {
    message: `this cannot be read: ${lowerFirst(fault.message)}`,
    where,
    suggestion: 'Look at the indentation and the quotes here and above.',
  };
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function positions(document: Document, data: unknown, file: string, lines: LineCounter, text: string): SourceDocument {
  const at = (offset: number, pointer: string): Location => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col, path: pointer };
  };
  return {
    file,
    data,
    locate: (pointer) => at(offsetOf(find(document, segmentsOf(pointer))), pointer),
    locateKey(pointer) {
      const found = find(document, segmentsOf(pointer));
      return at(found.key?.range?.[0] ?? offsetOf(found), pointer);
    },
    sourceAt(pointer) {
      const { value } = find(document, segmentsOf(pointer));
      return isScalar(value) ? value.source : undefined;
    },
    locateIn(pointer, line, column) {
      const found = find(document, segmentsOf(pointer));
      const start = textStart(found.value, text);
      return at(start !== undefined && line === 1 ? start + column - 1 : offsetOf(found), pointer);
    },
  };
}

interface Found {
  key: Node | undefined;
  value: Node | undefined;
}

/** Follows the document's nodes, aliases too, as far as they go. */
function find(document: Document, segments: readonly string[]): Found {
  let found: Found = { key: undefined, value: document.contents ?? undefined };
  for (const segment of segments) {
    const node = isAlias(found.value) ? found.value.resolve(document) : found.value;
    const next = child(node, segment);
    if (next === undefined) return found;
    found = next;
  }
  return found;
}

function child(node: Node | undefined, segment: string): Found | undefined {
  if (!isCollection(node)) return undefined;
  if (!isMap(node)) {
    const item = node.items[Number(segment)] as Node | undefined;
    return item === undefined ? undefined : { key: undefined, value: item };
  }
  const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === segment) as
    | Pair<Node, Node>
    | undefined;
  return pair === undefined ? undefined : { key: pair.key, value: pair.value ?? undefined };
}

/** A scalar is pointed at itself, a group or list at its name: that is where an editor's cursor should go. */
function offsetOf({ key, value }: Found): number {
  const range = isScalar(value) && value.value !== null ? value.range : (key?.range ?? value?.range);
  return range?.[0] ?? 0;
}

/** Where a text begins, if it is written as it is: one line, without escapes. */
function textStart(node: Node | undefined, text: string): number | undefined {
  if (!isScalar(node) || typeof node.value !== 'string' || node.range == null) return undefined;
  const quoted = node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE';
  const start = node.range[0] + (quoted ? 1 : 0);
  return text.startsWith(node.value, start) ? start : undefined;
}
