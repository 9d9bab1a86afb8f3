/**
 * The answers file: shared sections, one folder each, and the product's own settings. The wizard's form, OVF
 * properties, cloud-init and `sample/answers.yaml` are all checked against the one schema that is made here.
 */
import Type from 'typebox';

import { Administrator } from '../sections/administrator/schema.ts';
import { Certificate } from '../sections/certificate/schema.ts';
import { type Cluster, clusterSchema } from '../sections/cluster/schema.ts';
import { Domain } from '../sections/domain/schema.ts';
import { Mail } from '../sections/mail/schema.ts';
import { Network } from '../sections/network/schema.ts';
import { Time } from '../sections/time/schema.ts';
import { Updates } from '../sections/updates/schema.ts';
import type { SettingSchema } from './annotations.ts';
import { rolesOf } from './roles.ts';
import { ANSWERS_VERSION } from './version.ts';

export interface Answers {
  schemaVersion: 1;
  /** Finalise without the setup page. Needs an administrator's credential. */
  unattended?: boolean;
  /** Where the image has roles. */
  cluster?: Cluster;
  administrator?: Administrator;
  domain?: Domain;
  certificate?: Certificate;
  mail?: Mail;
  time?: Time;
  network?: Network;
  updates?: Updates;
  product?: Record<string, unknown>;
}

/** Answers with every section that the unit has, and defaults filled in: what plans, templates and steps read as `settings`. */
export type Settings = Required<Omit<Answers, 'cluster'>> & Pick<Answers, 'cluster'>;

const NO_SETTINGS: SettingSchema = { type: 'object', properties: {}, additionalProperties: false };

/** JSON Schema (draft-07) of an answers file for the product whose settings schema is given; undefined where it has none. */
export function answersSchema(productSchema: object | undefined): SettingSchema {
  const roles = rolesOf(productSchema);
  // A meta-schema identifier is allowed at a document's root only.
  const { $schema: _, 'x-unit-roles': __, ...product } = (productSchema ?? NO_SETTINGS) as SettingSchema;
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
      ...(roles === undefined ? {} : { cluster: clusterSchema(roles) }),
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
