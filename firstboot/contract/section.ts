import Type, { type Static } from 'typebox';

/** The screens of the setup page. */
export const SectionName = Type.Enum([
  'cluster',
  'administrator',
  'network',
  'time',
  'domain',
  'certificate',
  'mail',
  'updates',
  'product',
]);
export type SectionName = Static<typeof SectionName>;
