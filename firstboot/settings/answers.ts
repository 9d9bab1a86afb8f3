/**
 * The answers file: shared sections, one folder each, and the product's own settings. The wizard's form, OVF
 * properties, cloud-init and `sample/answers.yaml` are all checked against the one schema that is made here.
 */
import Type from 'typebox';

import { Administrator } from '../sections/administrator/schema.ts';
import { Certificate } from '../sections/certificate/schema.ts';
import { Domain } from '../sections/domain/schema.ts';
import { Mail } from '../sections/mail/schema.ts';
import { Network } from '../sections/network/schema.ts';
import { Time } from '../sections/time/schema.ts';
import { Updates } from '../sections/updates/schema.ts';
import type { SettingSchema } from './annotations.ts';

/** Version of the answers file; saved settings carry it. */
export const ANSWERS_VERSION = 1;

export interface Answers {
  schemaVersion: 1;
  /** Finalise without the setup page. Needs an administrator's credential. */
  unattended?: boolean;
  administrator?: Administrator;
  domain?: Domain;
  certificate?: Certificate;
  mail?: Mail;
  time?: Time;
  network?: Network;
  updates?: Updates;
  product?: Record<string, unknown>;
}

/** Answers with every section there and defaults filled in: what plans, templates and steps read as `settings`. */
export type Settings = Required<Answers>;

const NO_SETTINGS: SettingSchema = { type: 'object', properties: {}, additionalProperties: false };

/** JSON Schema (draft-07) of an answers file for the product whose settings schema is given; undefined where it has none. */
export function answersSchema(productSchema: object | undefined): SettingSchema {
  // A meta-schema identifier is allowed at a document's root only.
  const { $schema: _, ...product } = (productSchema ?? NO_SETTINGS) as SettingSchema;
  const schema = Type.Object(
    {
      schemaVersion: Type.Literal(ANSWERS_VERSION, { description: 'Version of the answers file' }),
      unattended: Type.Optional(
        Type.Boolean({
          default: false,
          'x-titles': { en: 'Set up without the setup page', ja: '設定画面なしで設定する', ru: 'Настроить без страницы настройки' },
          'x-ovf': { order: 1, category: 'Setup' },
        }),
      ),
      network: Type.Optional(Network),
      domain: Type.Optional(Domain),
      certificate: Type.Optional(Certificate),
      administrator: Type.Optional(Administrator),
      time: Type.Optional(Time),
      mail: Type.Optional(Mail),
      updates: Type.Optional(Updates),
    },
    { additionalProperties: false },
  ) as unknown as SettingSchema;
  return { ...schema, properties: { ...schema.properties, product: { default: {}, ...product } } };
}
