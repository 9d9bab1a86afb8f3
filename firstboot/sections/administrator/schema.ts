import Type, { type Static } from 'typebox';

/** OpenSSH public key line: algorithm, base64 blob, optional comment (sshd(8), AUTHORIZED_KEYS FILE FORMAT, without options). */
const SSH_KEY =
  '^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\\.com) [A-Za-z0-9+/]+=*( .*)?$';

/** No control characters: chpasswd(8) reads one line for each account. */
const ONE_LINE = '^[^\\u0000-\\u001f\\u007f]*$';

export const Administrator = Type.Object(
  {
    login: Type.Optional(
      Type.String({
        pattern: '^[a-z_][a-z0-9_-]{0,31}$',
        default: 'admin',
        'x-titles': { en: 'Administrator login', ja: '管理者のログイン名', ru: 'Имя администратора' },
        'x-ovf': { order: 30, category: 'Administrator' },
      }),
    ),
    password: Type.Optional(
      Type.String({
        minLength: 10,
        maxLength: 128,
        pattern: ONE_LINE,
        writeOnly: true,
        'x-titles': { en: 'Administrator password', ja: '管理者のパスワード', ru: 'Пароль администратора' },
        'x-help': {
          en: 'At least 10 characters. Opens the console and sudo; SSH asks for a key unless you say otherwise.',
          ja: '10 文字以上。コンソールへのログインと sudo に使います。SSH では、変更しない限り鍵を使います。',
          ru: 'Не короче 10 символов. Для входа с консоли и для sudo; SSH спрашивает ключ, если не задать иначе.',
        },
        'x-ovf': { order: 31, category: 'Administrator' },
      }),
    ),
    sshKeys: Type.Optional(
      Type.Array(Type.String({ pattern: SSH_KEY }), {
        default: [],
        maxItems: 50,
        'x-titles': { en: 'SSH public keys', ja: 'SSH 公開鍵', ru: 'Открытые ключи SSH' },
      }),
    ),
    sshPasswordLogin: Type.Optional(
      Type.Boolean({
        default: false,
        'x-titles': { en: 'Log-in by password over SSH', ja: 'SSH でのパスワードログイン', ru: 'Вход по SSH с паролем' },
        'x-help': {
          en: 'For the administrator alone. Keys are safer: passwords of servers are guessed at all day long.',
          ja: '管理者のみに適用されます。サーバーのパスワードは常に推測攻撃を受けるため、鍵のほうが安全です。',
          ru: 'Только для администратора. Ключи надёжнее: пароли серверов подбирают круглые сутки.',
        },
      }),
    ),
  },
  { additionalProperties: false, default: {}, 'x-titles': { en: 'Administrator', ja: '管理者', ru: 'Администратор' } },
);
export type Administrator = Static<typeof Administrator>;
