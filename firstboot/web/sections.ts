/** Which sections the setup page has, and in which order. */
import type { KeptSettings, UnitStatus } from '../contract/helper.ts';
import type { SettingSchema } from '../settings/index.ts';
import { titleOf } from './form/fields.ts';
import type { Language, Translate } from './language.ts';

/** What an owner thinks of first comes first; sections that this page does not know come before the product's own. */
const ORDER = ['cluster', 'administrator', 'network', 'time', 'domain', 'certificate', 'mail'];
const PRODUCT = 'product';
/** Decides what the others ask: nothing leaves it out. */
const ROLE = 'cluster';

export interface Section {
  name: string;
  title: string;
  schema: SettingSchema;
}

/** The groups of the answers that have something to ask. */
export function sectionsOf(status: UnitStatus, kept: KeptSettings, language: Language, t: Translate): Section[] {
  const { properties = {} } = kept.schema as SettingSchema;
  const names = Object.keys(properties).filter((name) => Object.keys(properties[name]?.properties ?? {}).length > 0);
  const place = (name: string): number => (name === PRODUCT ? ORDER.length + 1 : [...ORDER, name].indexOf(name));
  const wanted = status.sections === undefined ? undefined : [...new Set([ROLE, ...status.sections])];
  const ordered = wanted?.filter((name) => names.includes(name)) ?? names.sort((a, b) => place(a) - place(b));
  return ordered.map((name) => {
    const schema = properties[name] ?? {};
    return { name, schema, title: titleOf(schema, language) ?? (name === PRODUCT ? t('section.product') : name) };
  });
}
