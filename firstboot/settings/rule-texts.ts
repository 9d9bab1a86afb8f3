/**
 * What the setup page says where a rule finds something: the setting's title stands before it, so its name is not in it. Each
 * says what to do as well. The rules' own English messages are for files and terminals, where names are all there is.
 */
import type { EveryText } from '../contract/texts.ts';

export const RULE_TEXTS = {
  credential: {
    en: 'Set-up without this page needs a password or an SSH key.',
    ja: 'このページを使わない自動設定には、パスワードまたは SSH 鍵が必要です。',
    ru: 'Для настройки без этой страницы нужен пароль или ключ SSH.',
  },
  loginReserved: {
    en: 'The system uses this account itself. Choose another name, such as admin.',
    ja: 'この名前はシステムが使用しています。admin などの別の名前を選んでください。',
    ru: 'Эту учётную запись использует сама система. Выберите другое имя, например admin.',
  },
  keyDamaged: {
    en: 'This is no whole SSH public key. Copy the whole line of the .pub file.',
    ja: 'SSH 公開鍵として完全ではありません。.pub ファイルの行全体をコピーしてください。',
    ru: 'Это не целый открытый ключ SSH. Скопируйте всю строку файла .pub.',
  },
  keyOtherAlgorithm: {
    en: 'This key names another algorithm than it is of. Copy the whole line of the .pub file.',
    ja: '鍵に書かれた方式と実際の方式が異なります。.pub ファイルの行全体をコピーしてください。',
    ru: 'В ключе назван не тот алгоритм. Скопируйте всю строку файла .pub.',
  },
  keyShort: {
    en: 'This RSA key has less than 2048 bits. Make a new one: ssh-keygen -t ed25519',
    ja: 'この RSA 鍵は 2048 ビット未満です。新しい鍵を作成してください: ssh-keygen -t ed25519',
    ru: 'В этом ключе RSA меньше 2048 бит. Создайте новый: ssh-keygen -t ed25519',
  },
  sshPassword: {
    en: 'SSH is to take a password, and none is given.',
    ja: 'SSH のパスワードログインを有効にするには、パスワードが必要です。',
    ru: 'Вход по SSH с паролем включён, а пароль не задан.',
  },
  zoneUnknown: {
    en: 'There is no such time zone. Give a name such as Europe/Berlin or Asia/Tokyo.',
    ja: 'このタイムゾーンはありません。Asia/Tokyo や Europe/Berlin のような名前を入力してください。',
    ru: 'Такого часового пояса нет. Укажите имя, например Europe/Moscow или Asia/Tokyo.',
  },
  mailHost: {
    en: 'Mail goes by a relay: its host name is needed.',
    ja: '中継サーバーで送信するため、そのホスト名が必要です。',
    ru: 'Почта идёт через сервер-ретранслятор: нужно его имя.',
  },
  mailSender: {
    en: 'Mail is sent: the address that it comes from is needed.',
    ja: 'メールを送信するため、送信元アドレスが必要です。',
    ru: 'Почта отправляется: нужен адрес отправителя.',
  },
  mailUser: {
    en: 'A password is given: the user that it belongs to is needed. Or remove the kept password.',
    ja: 'パスワードに対応するユーザー名が必要です。不要なら保存されたパスワードを削除してください。',
    ru: 'Пароль задан: нужно имя пользователя. Или удалите сохранённый пароль.',
  },
  mailPassword: {
    en: 'A user is given: its password is needed.',
    ja: 'ユーザー名に対応するパスワードが必要です。',
    ru: 'Пользователь задан: нужен его пароль.',
  },
  mailServerAddress: {
    en: 'Encryption needs the name that the server has in its certificate, not an address. Give its name, or choose no encryption.',
    ja: '暗号化には、アドレスではなくサーバー証明書の名前が必要です。名前を入力するか、暗号化なしを選んでください。',
    ru: 'Для шифрования нужно имя сервера из его сертификата, а не адрес. Укажите имя или выберите вариант без шифрования.',
  },
  certificateUpload: {
    en: 'Your own certificate is to be used: choose its file, or paste it.',
    ja: '独自の証明書を使用するため、ファイルを選択するか貼り付けてください。',
    ru: 'Выбран свой сертификат: укажите файл или вставьте текст.',
  },
  acmeDomain: {
    en: 'A certificate authority certifies names: a domain is needed.',
    ja: '認証局は名前を証明するため、ドメイン名が必要です。',
    ru: 'Удостоверяющий центр заверяет имена: нужен домен.',
  },
  acmeEmail: {
    en: 'The account with the certificate authority needs an e-mail address.',
    ja: '認証局のアカウントにはメールアドレスが必要です。',
    ru: 'Для учётной записи в удостоверяющем центре нужен адрес почты.',
  },
  acmeTerms: {
    en: 'The certificate authority wants its terms of service to be agreed to.',
    ja: '認証局の利用規約への同意が必要です。',
    ru: 'Удостоверяющий центр требует согласия с его условиями.',
  },
  acmeProvider: {
    en: 'With DNS-01 a record is made at the DNS provider: name it.',
    ja: 'DNS-01 では DNS 事業者にレコードを作成するため、事業者の指定が必要です。',
    ru: 'При DNS-01 запись создаётся у провайдера DNS: укажите его.',
  },
  acmeCredentials: {
    en: 'With DNS-01 a record is made at the DNS provider: its credentials are needed.',
    ja: 'DNS-01 では DNS 事業者にレコードを作成するため、その認証情報が必要です。',
    ru: 'При DNS-01 запись создаётся у провайдера DNS: нужны данные для входа к нему.',
  },
  acmeKeyId: {
    en: 'A key of external account binding is given: its id is needed.',
    ja: '外部アカウント連携 (EAB) の鍵に対応する ID が必要です。',
    ru: 'Ключ привязки внешней учётной записи (EAB) задан: нужен его идентификатор.',
  },
  acmeHmacKey: {
    en: 'An id of external account binding is given: its key is needed.',
    ja: '外部アカウント連携 (EAB) の ID に対応する鍵が必要です。',
    ru: 'Идентификатор привязки внешней учётной записи (EAB) задан: нужен его ключ.',
  },
  providerUnknown: {
    en: 'This is no DNS provider. Give the code of one, such as cloudflare or rfc2136.',
    ja: 'DNS 事業者ではありません。cloudflare や rfc2136 のような事業者のコードを入力してください。',
    ru: 'Это не провайдер DNS. Укажите код провайдера, например cloudflare или rfc2136.',
  },
} as const satisfies Record<string, EveryText>;
