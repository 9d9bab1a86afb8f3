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
    locale: Type.Optional(
      Type.String({
        pattern: '^(C|[a-z]{2,3}_[A-Z]{2})\\.UTF-8$',
        description: 'A locale of UTF-8, such as C.UTF-8, ja_JP.UTF-8 or ru_RU.UTF-8',
        'x-titles': { en: 'Locale', ja: 'ロケール', ru: 'Локаль' },
        'x-help': {
          en: 'How programs write numbers and dates, such as ja_JP.UTF-8. Messages of programs are there in English, Japanese and Russian.',
          ja: '数値や日付の書式(例: ja_JP.UTF-8)。プログラムのメッセージは英語、日本語、ロシア語のみです。',
          ru: 'Как программы пишут числа и даты, например ru_RU.UTF-8. Сообщения программ есть на английском, японском и русском.',
        },
      }),
    ),
    keyboard: Type.Optional(
      Type.String({
        pattern: '^[a-z]{2,8}$',
        description: 'A keyboard layout of xkeyboard-config, such as us, jp or ru',
        'x-titles': { en: 'Keyboard layout', ja: 'キーボード配列', ru: 'Раскладка клавиатуры' },
        'x-help': {
          en: 'Of the console, such as us, jp or ru. Layouts without Latin letters come beside us; Alt+Shift switches.',
          ja: 'コンソールの配列(例: us、jp、ru)。ラテン文字のない配列は us と併用し、Alt+Shift で切り替えます。',
          ru: 'Для консоли, например us, jp или ru. Раскладки без латиницы добавляются к us; переключение — Alt+Shift.',
        },
      }),
    ),
  },
  { additionalProperties: false, default: {}, 'x-titles': { en: 'Time and language', ja: '時刻と言語', ru: 'Время и язык' } },
);
export type Time = Static<typeof Time>;
