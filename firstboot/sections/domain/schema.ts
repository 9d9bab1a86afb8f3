import Type, { type Static } from 'typebox';

/** A host name of two labels or more, in lower case (RFC 1123, 2.1); other scripts as punycode (RFC 5890). */
const DOMAIN = '^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$';

export const Domain = Type.Object(
  {
    name: Type.Optional(
      Type.String({
        pattern: DOMAIN,
        'x-titles': { en: 'Domain name', ja: 'ドメイン名', ru: 'Доменное имя' },
        'x-help': {
          en: 'The name by which people reach this unit, such as shop.example.org. Without one it is reached by its address.',
          ja: 'このユニットにアクセスするための名前(例: shop.example.org)。なければアドレスでアクセスします。',
          ru: 'Имя, по которому открывают этот узел, например shop.example.org. Без имени — по адресу.',
        },
        'x-ovf': { order: 20, category: 'Network' },
      }),
    ),
  },
  { additionalProperties: false, default: {}, 'x-titles': { en: 'Domain', ja: 'ドメイン', ru: 'Домен' } },
);
export type Domain = Static<typeof Domain>;
