import Type, { type Static } from 'typebox';

import { Host } from '../../contract/host.ts';

export const Time = Type.Object(
  {
    zone: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z_]+(/[A-Za-z0-9_+-]+){0,2}$',
        default: 'Etc/UTC',
        'x-titles': { en: 'Time zone', ja: 'タイムゾーン', ru: 'Часовой пояс' },
        'x-help': {
          en: 'A name of the tz database, such as Europe/Berlin.',
          ja: 'tz データベースの名前(例: Asia/Tokyo)。',
          ru: 'Имя из базы tz, например Europe/Moscow.',
        },
        'x-ovf': { order: 40, category: 'Time' },
      }),
    ),
    ntp: Type.Optional(
      Type.Array(Host, {
        default: [],
        maxItems: 8,
        'x-titles': { en: 'Time servers', ja: 'タイムサーバー', ru: 'Серверы времени' },
      }),
    ),
  },
  { additionalProperties: false, default: {}, 'x-titles': { en: 'Time', ja: '時刻', ru: 'Время' } },
);
export type Time = Static<typeof Time>;
