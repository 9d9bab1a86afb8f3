import Type, { type Static, type TSchema } from 'typebox';

import type { Role } from '../../contract/role.ts';

const JoinCode = Type.String({
  minLength: 1,
  maxLength: 2000,
  pattern: '^[A-Za-z0-9_.-]+$',
  description: 'One line, as `unitctl cluster invite` shows it',
  writeOnly: true,
  'x-titles': { en: 'Join code', ja: '参加コード', ru: 'Код присоединения' },
  'x-help': {
    en: 'Made on the leader by unitctl cluster invite; it can be used once, and only for a while.',
    ja: 'リーダーで unitctl cluster invite により作成します。一度だけ、期限内に使えます。',
    ru: 'Создаётся на ведущем узле командой unitctl cluster invite; действует один раз и недолго.',
  },
});

/** The section of an image that has roles. */
export function clusterSchema(roles: Readonly<Record<string, Role>>): TSchema {
  const followers = Object.entries(roles).flatMap(([name, { follows }]) => (follows === undefined ? [] : [name]));
  const joins = { 'x-when': { role: followers }, 'x-ovf': { order: 3, label: 'Join code', category: 'Setup' } };
  return Type.Object(
    {
      role: Type.Enum(Object.keys(roles), {
        'x-titles': { en: 'Role of this unit', ja: 'このユニットの役割', ru: 'Роль этого узла' },
        'x-help': {
          en: 'It cannot be changed once the unit is set up.',
          ja: '設定が完了すると変更できません。',
          ru: 'После настройки узла её нельзя изменить.',
        },
        'x-choices': Object.fromEntries(Object.entries(roles).map(([name, { title }]) => [name, title])),
        'x-ovf': { order: 2, label: 'Role of this unit', category: 'Setup' },
      }),
      ...(followers.length === 0 ? {} : { join: Type.Optional({ ...JoinCode, ...joins }) }),
    },
    {
      additionalProperties: false,
      default: {},
      'x-titles': { en: 'Role', ja: '役割', ru: 'Роль' },
      ...(followers.length === 0
        ? {}
        : // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON Schema
          { if: { properties: { role: { enum: followers } }, required: ['role'] }, then: { required: ['join'] } }),
    },
  );
}
export interface Cluster {
  role?: string;
  join?: Static<typeof JoinCode>;
}
