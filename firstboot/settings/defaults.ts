import type { SettingSchema } from './annotations.ts';
import { answersSchema, type Settings } from './answers.ts';
import { schemaForAnswers } from './roles.ts';

/**
 * A deep copy of `answers` with every default filled in and every section there. Nothing that was given is changed,
 * wrong values included: `validateAnswers` says what is wrong with them.
 */
export function applyDefaults(answers: unknown, productSchema: object | undefined): Settings {
  return fill(answersSchema(schemaForAnswers(productSchema, answers)), structuredClone(answers)) as Settings;
}

function fill(schema: SettingSchema, value: unknown): unknown {
  const present = value === undefined ? structuredClone(schema.default) : value;
  if (Array.isArray(present))
    return schema.items === undefined ? present : present.map((item) => fill(schema.items as SettingSchema, item));
  if (schema.properties === undefined) return present;
  if (present !== undefined && !isRecord(present)) return present;
  return fillMembers(schema, present);
}

/** An absent object comes into being only where its defaults alone make it whole: an optional group stays optional. */
function fillMembers(schema: SettingSchema, given: Record<string, unknown> | undefined): Record<string, unknown> | undefined {
  const result: Record<string, unknown> = { ...given };
  for (const [name, member] of Object.entries(schema.properties ?? {})) {
    const filled = fill(member, result[name]);
    if (filled !== undefined) result[name] = filled;
  }
  if (given !== undefined) return result;
  const whole = Object.keys(result).length > 0 && (schema.required ?? []).every((name) => result[name] !== undefined);
  return whole ? result : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
