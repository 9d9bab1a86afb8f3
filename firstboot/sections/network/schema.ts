import Type, { type Static } from 'typebox';

export const Network = Type.Object(
  {
    /** One label (RFC 1123, 2.1); the fully qualified name comes with the domain. */
    hostName: Type.Optional(
      Type.String({
        pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$',
        'x-titles': { en: 'Host name', ja: 'ホスト名', ru: 'Имя узла' },
        'x-help': {
          en: 'One word of lower-case letters, digits and hyphens. The unit keeps the name it has where this is empty.',
          ja: '小文字、数字、ハイフンからなる一語。空の場合は現在の名前のままです。',
          ru: 'Одно слово из строчных латинских букв, цифр и дефисов. Если не задано, имя не меняется.',
        },
        'x-ovf': { order: 10, category: 'Network' },
      }),
    ),
  },
  { additionalProperties: false, default: {}, 'x-titles': { en: 'Network', ja: 'ネットワーク', ru: 'Сеть' } },
);
export type Network = Static<typeof Network>;
