/**
 * Annotations of settings schemas: what a form, the OVF descriptor and the documentation need beyond JSON Schema.
 * Shared sections use them and so does an image's settings.schema.json.
 *
 * - `x-titles`, `x-help`: texts by language.
 * - `x-ovf`: this scalar is also an OVF property (DSP0243, 9.5): `true`, or its place, label and category.
 * - `x-generate`: a secret that is made on the unit where the owner gives none.
 * - `x-choices`: the titles of the values of an `enum`, by value.
 * - `x-pattern-help`: what the setup page says, by language, where `pattern` does not match.
 * - `x-when`: `{ "sibling": [values] }`; the setup page shows the setting only while its sibling has one of them.
 * - `x-requires`: at the root of a product's schema, dotted paths of settings of every unit that this product cannot do without.
 * - `x-roles`: the setting is there in these roles of the image only.
 * - `writeOnly` (JSON Schema's own): a secret; never shown again, never logged.
 */
import type { Texts } from '../contract/texts.ts';

export const ANNOTATIONS = [
  'x-titles',
  'x-help',
  'x-ovf',
  'x-generate',
  'x-choices',
  'x-pattern-help',
  'x-when',
  'x-requires',
  'x-roles',
] as const;

/** How many scalars may be OVF properties, shared sections included: more is no form that anybody fills in. */
export const MAX_OVF_PROPERTIES = 15;

export interface OvfAnnotation {
  /** Lower comes first; the schema's own order where absent. */
  order?: number;
  /** English label; the English title where absent. */
  label?: string;
  category?: string;
}

export interface GenerateAnnotation {
  /** Characters, 8 to 1024. */
  length: number;
  alphabet: 'alphanumeric' | 'hex' | 'base64';
}

/** A node of a settings schema: the members that this project looks at. */
export interface SettingSchema {
  type?: string | string[];
  properties?: Record<string, SettingSchema>;
  required?: string[];
  items?: SettingSchema;
  additionalProperties?: boolean | SettingSchema;
  default?: unknown;
  description?: string;
  enum?: unknown[];
  const?: unknown;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  pattern?: string;
  format?: string;
  writeOnly?: boolean;
  'x-titles'?: Texts;
  'x-help'?: Texts;
  'x-ovf'?: true | OvfAnnotation;
  'x-generate'?: GenerateAnnotation;
  'x-choices'?: Record<string, Texts>;
  'x-pattern-help'?: Texts;
  'x-when'?: Record<string, unknown[]>;
  'x-requires'?: string[];
  'x-roles'?: string[];
  [keyword: string]: unknown;
}
