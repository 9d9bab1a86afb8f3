/** What an image decides in the owner's place (`setup` of image.yaml): every door shows it, and none takes anything else. */
import type { Setup } from '../contract/unit.ts';
import type { SettingSchema } from './annotations.ts';
import { settingAt } from './pointer.ts';
import type { RuleViolation } from './words.ts';

/** The schema of answers with the fixed values as constants. */
export function withFixed(schema: SettingSchema, setup: Setup | undefined): SettingSchema {
  const login = setup?.administrator?.login;
  const { administrator } = schema.properties ?? {};
  if (login === undefined || administrator === undefined) return schema;
  const properties = { ...administrator.properties, login: { ...administrator.properties?.['login'], const: login, default: login } };
  return { ...schema, properties: { ...schema.properties, administrator: { ...administrator, properties } } };
}

/** Over answers as they were given, without defaults. */
export function fixedViolations(setup: Setup | undefined, answers: unknown): RuleViolation[] {
  const login = setup?.administrator?.login;
  if (login === undefined || typeof answers !== 'object' || answers === null) return [];
  const given = settingAt(answers, 'administrator.login');
  if (given === undefined || given === login) return [];
  return [
    {
      path: '/administrator/login',
      keyword: 'login-is-fixed',
      message: `the administrator of this product is ${login}: administrator.login cannot be another`,
      suggestion: 'Leave administrator.login out.',
      texts: {
        en: `The administrator of this product is ${login}, and nobody else. Save this page, and it is so.`,
        ja: `この製品の管理者は ${login} に決まっています。このページを保存すると設定されます。`,
        ru: `Администратор этого продукта — ${login}, и никто другой. Сохраните эту страницу, и так будет.`,
      },
    },
  ];
}
