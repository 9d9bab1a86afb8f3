/** Answers of several sources made one, setting by setting, with what each value came from. */
import type { SettingSchema } from './annotations.ts';
import { answersSchema } from './answers.ts';
import { pointerOf } from './pointer.ts';

/** Where settings come from; a later one wins. */
export const SOURCE_ORDER = ['default', 'ovf-environment', 'cloud-init', 'answers-disk', 'wizard', 'unitctl'] as const;
export type SourceName = (typeof SOURCE_ORDER)[number];

/** What a source says; not validated. */
export interface Layer {
  source: SourceName;
  answers: Readonly<Record<string, unknown>>;
}

export interface Merged<L extends Layer> {
  answers: Record<string, unknown>;
  /** The layer of every value, by JSON pointer: of settings, and of whatever the schema does not know. */
  origins: ReadonlyMap<string, L>;
}

/** Layers of one source win in the order in which they are given. Groups are merged, all else (lists too) is replaced whole. */
export function mergeAnswers<L extends Layer>(layers: readonly L[], productSchema: object | undefined): Merged<L> {
  const schema = answersSchema(productSchema);
  const origins = new Map<string, L>();
  let answers: Record<string, unknown> = {};
  for (const layer of inOrder(layers)) answers = overlay(schema, answers, layer.answers, '', { layer, origins }) as Record<string, unknown>;
  return { answers, origins };
}

function inOrder<L extends Layer>(layers: readonly L[]): L[] {
  return [...layers].sort((a, b) => SOURCE_ORDER.indexOf(a.source) - SOURCE_ORDER.indexOf(b.source));
}

interface Marks<L> {
  layer: L;
  origins: Map<string, L>;
}

function overlay<L>(schema: SettingSchema | undefined, lower: unknown, higher: unknown, pointer: string, marks: Marks<L>): unknown {
  if (schema?.properties === undefined || !isRecord(higher)) {
    for (const known of marks.origins.keys()) if (known.startsWith(`${pointer}/`)) marks.origins.delete(known);
    marks.origins.set(pointer, marks.layer);
    return structuredClone(higher);
  }
  marks.origins.delete(pointer);
  const below = isRecord(lower) ? lower : {};
  const { properties } = schema;
  // `fromEntries` makes own members whatever their names: `__proto__` is but a wrong name here.
  return Object.fromEntries(
    [...new Set([...Object.keys(below), ...Object.keys(higher)])].map((name) => {
      const mine = Object.hasOwn(below, name) ? below[name] : undefined;
      if (!Object.hasOwn(higher, name)) return [name, mine];
      const member = Object.hasOwn(properties, name) ? properties[name] : undefined;
      return [name, overlay(member, mine, higher[name], pointer + pointerOf([name]), marks)];
    }),
  );
}

/**
 * The layer that a violation is about: what gave the value at `pointer` or the group that holds it, else the highest layer
 * that says something below it, as where a member is missing. Undefined where no layer says anything there.
 */
export function layerAt<L extends Layer>({ origins }: Merged<L>, pointer: string): L | undefined {
  for (let at = pointer; ; at = at.slice(0, at.lastIndexOf('/'))) {
    const own = origins.get(at);
    if (own !== undefined) return own;
    if (at === '') break;
  }
  return inOrder([...origins].filter(([at]) => at.startsWith(`${pointer}/`)).map(([, layer]) => layer)).at(-1);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
