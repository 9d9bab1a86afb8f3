/** Walks over a settings schema: which settings there are, which are secrets, which are OVF properties. */

import type { Setup } from '../contract/unit.ts';
import { MAX_OVF_PROPERTIES, type OvfAnnotation, type SettingSchema } from './annotations.ts';
import { answersSchema } from './answers.ts';
import { withFixed } from './fixed.ts';

export interface Setting {
  /** Dotted path, such as `product.admin.email`. */
  path: string;
  schema: SettingSchema;
}

/** Every leaf of the schema (scalars, lists and free maps), in its own order. */
export function settingsOf(schema: SettingSchema, prefix = ''): Setting[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, member]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    return member.properties === undefined ? [{ path, schema: member }] : settingsOf(member, path);
  });
}

/** Dotted paths of settings that are secrets: never logged, shown as set or not set. */
export function secretPaths(productSchema: object | undefined): string[] {
  return settingsOf(answersSchema(productSchema)).flatMap(({ path, schema }) => (schema.writeOnly === true ? [path] : []));
}

/** What keys of OVF properties begin with: cloud-init takes bare `hostname` and `password` for its own. */
export const OVF_PREFIX = 'unit.';
/** The OVF property that holds a whole answers file, in base64. */
export const ANSWERS_KEY = `${OVF_PREFIX}answers`;

export interface OvfProperty extends Setting {
  /** The key that the guest sees. */
  key: string;
  label: string;
  category: string;
}

/** The settings that are OVF properties, in the order of their form, without those that `setup` fixes; at most `MAX_OVF_PROPERTIES`. */
export function ovfProperties(productSchema: object | undefined, setup?: Setup): OvfProperty[] {
  const all = settingsOf(withFixed(answersSchema(productSchema), setup));
  const marked = all.filter(({ schema }) => schema['x-ovf'] !== undefined && schema.const === undefined);
  return marked
    .map((setting, index) => ({ setting, order: annotationOf(setting.schema).order ?? 1000 + index }))
    .sort((a, b) => a.order - b.order)
    .slice(0, MAX_OVF_PROPERTIES)
    .map(({ setting }) => toProperty(setting));
}

function toProperty(setting: Setting): OvfProperty {
  const annotation = annotationOf(setting.schema);
  return {
    ...setting,
    key: OVF_PREFIX + setting.path,
    label: annotation.label ?? setting.schema['x-titles']?.en ?? setting.path,
    category: annotation.category ?? 'Product',
  };
}

function annotationOf(schema: SettingSchema): OvfAnnotation {
  const annotation = schema['x-ovf'];
  return typeof annotation === 'object' ? annotation : {};
}
