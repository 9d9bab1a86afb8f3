import Type, { type Static } from 'typebox';

export const Updates = Type.Object(
  {
    automatic: Type.Optional(
      Type.Boolean({
        default: true,
        'x-titles': {
          en: 'Install security updates by themselves',
          ja: 'セキュリティ更新を自動で適用する',
          ru: 'Устанавливать обновления безопасности автоматически',
        },
      }),
    ),
    /** Local time; no restart by itself where absent. */
    rebootAt: Type.Optional(
      Type.String({
        pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$',
        description: 'A time of day such as 04:30',
        'x-titles': {
          en: 'Restart at, when an update needs it',
          ja: '更新に必要な場合に再起動する時刻',
          ru: 'Время перезагрузки, если её требует обновление',
        },
        'x-help': {
          en: 'The unit never restarts by itself where this is empty.',
          ja: '空の場合、自動では再起動しません。',
          ru: 'Если не задано, узел сам не перезагружается.',
        },
      }),
    ),
  },
  { additionalProperties: false, default: {}, 'x-titles': { en: 'Updates', ja: '更新', ru: 'Обновления' } },
);
export type Updates = Static<typeof Updates>;
