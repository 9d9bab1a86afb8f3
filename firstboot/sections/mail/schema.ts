import Type, { type Static } from 'typebox';

import { Host } from '../../contract/host.ts';

/** Postfix keeps user and password in a line `server user:password` and trims it (texthash in postmap(1)). */
const USER = '^[^\\u0000-\\u0020\\u007f:]+$';
const PASSWORD = '^(?! )[^\\u0000-\\u001f\\u007f]*(?<! )$';

export const Mail = Type.Object(
  {
    mode: Type.Optional(
      Type.Enum(['none', 'direct', 'relay'], {
        default: 'none',
        'x-titles': { en: 'Outgoing mail', ja: 'メール送信', ru: 'Исходящая почта' },
        'x-help': {
          en: 'none: no mail is sent. direct: straight to the receiving servers. relay: by the mail server named here.',
          ja: 'none: 送信しない。direct: 宛先サーバーへ直接送信。relay: 指定したメールサーバー経由。',
          ru: 'none: почта не отправляется. direct: прямо на серверы получателей. relay: через указанный сервер.',
        },
        'x-choices': {
          none: { en: 'None', ja: '送信しない', ru: 'Не отправлять' },
          direct: { en: 'Straight to the receiving servers', ja: '宛先サーバーへ直接送信', ru: 'Прямо на серверы получателей' },
          relay: { en: 'By a mail server', ja: 'メールサーバー経由', ru: 'Через почтовый сервер' },
        },
      }),
    ),
    host: Type.Optional(
      Type.String({
        ...Host,
        'x-titles': { en: 'Mail server', ja: 'メールサーバー', ru: 'Почтовый сервер' },
        'x-when': { mode: ['relay'] },
      }),
    ),
    port: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 65535,
        default: 587,
        'x-titles': { en: 'Port', ja: 'ポート', ru: 'Порт' },
        'x-when': { mode: ['relay'] },
      }),
    ),
    /** `starttls`: RFC 3207, refused where the server does not offer it; `tls`: from the first byte (RFC 8314, port 465). */
    security: Type.Optional(
      Type.Enum(['none', 'starttls', 'tls'], {
        default: 'starttls',
        'x-when': { mode: ['relay'] },
        'x-choices': {
          none: { en: 'None', ja: 'なし', ru: 'Нет' },
          starttls: { en: 'STARTTLS', ja: 'STARTTLS', ru: 'STARTTLS' },
          tls: { en: 'TLS from the first byte', ja: '最初から TLS', ru: 'TLS с первого байта' },
        },
        'x-titles': { en: 'Encryption', ja: '暗号化', ru: 'Шифрование' },
      }),
    ),
    user: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 200,
        pattern: USER,
        description: 'A user name without blanks and colons',
        'x-titles': { en: 'User', ja: 'ユーザー名', ru: 'Пользователь' },
      }),
    ),
    password: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 500,
        pattern: PASSWORD,
        description: 'One line that neither begins nor ends with a blank',
        writeOnly: true,
        'x-titles': { en: 'Password', ja: 'パスワード', ru: 'Пароль' },
      }),
    ),
    senderName: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 200,
        pattern: '^[^\\u0000-\\u001f\\u007f]*$',
        description: 'One line',
        'x-titles': { en: 'Sender name', ja: '差出人名', ru: 'Имя отправителя' },
      }),
    ),
    senderAddress: Type.Optional(
      Type.String({ format: 'email', 'x-titles': { en: 'Sender address', ja: '差出人アドレス', ru: 'Адрес отправителя' } }),
    ),
    /** Where mail to root goes; into root's mailbox on the unit where absent. */
    noticesTo: Type.Optional(
      Type.String({
        format: 'email',
        'x-titles': { en: 'Notices of the unit go to', ja: 'ユニットからの通知の宛先', ru: 'Куда слать уведомления узла' },
        'x-help': {
          en: 'The address of whoever looks after this unit. Without one, notices stay in a mailbox on the unit.',
          ja: 'このユニットを管理する人のアドレス。空の場合、通知はユニット内のメールボックスに残ります。',
          ru: 'Адрес того, кто следит за узлом. Если не задан, уведомления остаются в почтовом ящике на узле.',
        },
      }),
    ),
  },
  { additionalProperties: false, default: {}, 'x-titles': { en: 'Mail', ja: 'メール', ru: 'Почта' } },
);
export type Mail = Static<typeof Mail>;
