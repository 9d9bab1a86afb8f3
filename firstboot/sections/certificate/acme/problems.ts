/** Why an authority gave no certificate, in words that help: problem types of RFC 8555, 6.7, and what comes before them. */
import type { CheckFinding } from '../../../contract/helper.ts';
import type { EveryText } from '../../../contract/texts.ts';

type Words = Pick<CheckFinding, 'message' | 'remedy'> & { remedy: EveryText };

const say = (en: string, ja: string, ru: string): { en: string; ja: string; ru: string } => ({ en, ja, ru });

const PROBLEMS = {
  'directory-name': {
    message: say(
      "The authority's host is not found in the DNS.",
      '認証局のホスト名を解決できません。',
      'Узел удостоверяющего центра не найден в DNS.',
    ),
    remedy: say(
      'Check the directory URL, and the DNS servers of this unit.',
      'ディレクトリの URL と、このユニットの DNS サーバーを確認してください。',
      'Проверьте URL каталога и DNS-серверы узла.',
    ),
  },
  'directory-unreachable': {
    message: say('The authority cannot be reached.', '認証局に接続できません。', 'Удостоверяющий центр недоступен.'),
    remedy: say(
      'Check the directory URL, and that this unit may connect to it.',
      'ディレクトリの URL と、このユニットからの通信が許可されているかを確認してください。',
      'Проверьте URL каталога и доступ к нему с этого узла.',
    ),
  },
  'directory-untrusted': {
    message: say(
      "The authority's own certificate is not trusted by this unit.",
      '認証局のサーバー証明書を信頼できません。',
      'Узел не доверяет сертификату самого удостоверяющего центра.',
    ),
    remedy: say(
      "Give the root certificate of a private authority; for a public one check this unit's clock.",
      'プライベート認証局の場合はルート証明書を指定してください。公的な認証局の場合は時刻を確認してください。',
      'Для частного центра задайте его корневой сертификат; для общедоступного проверьте часы узла.',
    ),
  },
  'directory-wrong': {
    message: say(
      'At that URL there is no ACME directory.',
      'この URL に ACME ディレクトリがありません。',
      'По этому URL нет каталога ACME.',
    ),
    remedy: say('Check the directory URL.', 'ディレクトリの URL を確認してください。', 'Проверьте URL каталога.'),
  },
  'account-binding': {
    message: say(
      'The authority wants the account bound to one of its customers.',
      '認証局は External Account Binding を必要とします。',
      'Центр требует привязки к учётной записи клиента (EAB).',
    ),
    remedy: say(
      'Give the EAB key identifier and key that it shows to its customers.',
      '認証局が発行した EAB 鍵 ID と鍵を指定してください。',
      'Задайте идентификатор и ключ EAB, которые центр показывает клиентам.',
    ),
  },
  'account-refused': {
    message: say('The authority refuses the account.', '認証局がアカウントを受け付けません。', 'Центр отклоняет учётную запись.'),
    remedy: say(
      'Check the e-mail address, and the EAB key where one is given.',
      'メールアドレスと(指定した場合は)EAB 鍵を確認してください。',
      'Проверьте адрес почты и ключ EAB, если он задан.',
    ),
  },
  'name-unknown': {
    message: say('The domain name is not found in the DNS.', 'ドメイン名を DNS で解決できません。', 'Доменное имя не найдено в DNS.'),
    remedy: say(
      "Make an A or AAAA record that leads from the name to this unit's public address.",
      '名前からこのユニットの公開アドレスへの A / AAAA レコードを作成してください。',
      'Создайте запись A или AAAA, ведущую от имени к внешнему адресу узла.',
    ),
  },
  unreachable: {
    message: say(
      'The authority could not reach this unit at port 80 of its domain name.',
      '認証局がドメイン名のポート 80 でこのユニットに接続できませんでした。',
      'Центр не смог соединиться с портом 80 узла по доменному имени.',
    ),
    remedy: say(
      'Let port 80 through from the internet to this unit (router, security group), correct the DNS record, or use dns-01.',
      'インターネットからポート 80 を通す(ルーター、セキュリティグループ)か、DNS レコードを直すか、dns-01 を使ってください。',
      'Откройте порт 80 из интернета к узлу (маршрутизатор, группа безопасности), исправьте запись DNS или используйте dns-01.',
    ),
  },
  'other-machine': {
    message: say(
      'At the domain name another machine answers, not this unit.',
      'ドメイン名では、このユニットではない別の機器が応答しています。',
      'По доменному имени отвечает другая машина, а не этот узел.',
    ),
    remedy: say(
      'Correct the DNS record (AAAA too), or the forwarding of port 80, so that the name leads here.',
      '名前がこのユニットに向くように、DNS レコード(AAAA も)またはポート 80 の転送を直してください。',
      'Исправьте запись DNS (и AAAA) или перенаправление порта 80, чтобы имя вело сюда.',
    ),
  },
  'record-unseen': {
    message: say(
      'The authority did not find the record that proves the name.',
      '認証局が確認用の DNS レコードを見つけられませんでした。',
      'Центр не нашёл запись, подтверждающую имя.',
    ),
    remedy: say(
      "Check that the provider is the one that serves the domain's zone.",
      'その DNS 事業者がドメインのゾーンを管理しているか確認してください。',
      'Проверьте, что зону домена обслуживает именно этот провайдер.',
    ),
  },
  'rate-limited': {
    message: say(
      'The authority has had too many requests for this name or account.',
      'この名前またはアカウントの要求回数が上限を超えました。',
      'Слишком много запросов к центру для этого имени или учётной записи.',
    ),
    remedy: say(
      'Wait: the unit tries again every day. The detail may say until when.',
      'お待ちください。ユニットが毎日再試行します。',
      'Подождите: узел повторяет попытку каждый день.',
    ),
  },
  'name-refused': {
    message: say(
      'The authority does not certify this name.',
      '認証局はこの名前の証明書を発行しません。',
      'Центр не выдаёт сертификаты на это имя.',
    ),
    remedy: say(
      'Use a public domain name of your own; a CAA record of the domain must allow the authority.',
      '自分の公開ドメイン名を使ってください。CAA レコードがある場合はこの認証局を許可する必要があります。',
      'Нужно ваше публичное имя; запись CAA домена, если есть, должна разрешать этот центр.',
    ),
  },
  'authority-fails': {
    message: say('The authority has a fault of its own.', '認証局側で障害が起きています。', 'Сбой на стороне удостоверяющего центра.'),
    remedy: say(
      'Wait: the unit tries again every day.',
      'お待ちください。ユニットが毎日再試行します。',
      'Подождите: узел повторяет попытку каждый день.',
    ),
  },
  'port-taken': {
    message: say(
      'Port 80 of this unit is in use by a program that does not serve the proofs of ACME.',
      'ポート 80 は、ACME の確認ファイルを配信しないプログラムが使用しています。',
      'Порт 80 узла занят программой, которая не отдаёт подтверждения ACME.',
    ),
    remedy: say(
      'Use dns-01. Whoever makes the image can have its web server serve /var/lib/unit/acme/webroot.',
      'dns-01 を使ってください(イメージの作成者は Web サーバーで /var/lib/unit/acme/webroot を配信できます)。',
      'Используйте dns-01. Автор образа может настроить отдачу /var/lib/unit/acme/webroot веб-сервером.',
    ),
  },
  'wildcard-needs-dns': {
    message: say(
      'This product wants a certificate for every name below the domain, which http-01 cannot prove.',
      'この製品にはドメイン配下のすべての名前の証明書が必要ですが、http-01 では確認できません。',
      'Продукту нужен сертификат на все имена домена, а http-01 этого не подтверждает.',
    ),
    remedy: say('Use dns-01.', 'dns-01 を使ってください。', 'Используйте dns-01.'),
  },
  'provider-unknown': {
    message: say('This unit does not know that DNS provider.', 'この DNS 事業者には対応していません。', 'Такой DNS-провайдер неизвестен.'),
    remedy: say(
      '`lego dnshelp` lists those that it knows.',
      '`lego dnshelp` で一覧を表示できます。',
      '`lego dnshelp` показывает известные.',
    ),
  },
  'provider-fails': {
    message: say(
      'The record that proves the name could not be made with the DNS provider.',
      'DNS 事業者に確認用レコードを作成できませんでした。',
      'Не удалось создать подтверждающую запись у DNS-провайдера.',
    ),
    remedy: say(
      'Check the credentials and what they permit; `lego dnshelp -c PROVIDER` names those that the provider wants.',
      '認証情報と権限を確認してください。必要な項目は `lego dnshelp -c 事業者` で分かります。',
      'Проверьте данные доступа и права; нужные имена показывает `lego dnshelp -c ПРОВАЙДЕР`.',
    ),
  },
  'took-too-long': {
    message: say('The authority did not finish in time.', '時間内に完了しませんでした。', 'Центр не ответил вовремя.'),
    remedy: say('Try again: `unitctl cert renew`.', '`unitctl cert renew` で再試行してください。', 'Повторите: `unitctl cert renew`.'),
  },
  other: {
    message: say('The certificate was not obtained.', '証明書を取得できませんでした。', 'Сертификат не получен.'),
    remedy: say(
      'See the detail; `unitctl cert renew` tries again.',
      '詳細を確認し、`unitctl cert renew` で再試行してください。',
      'Смотрите подробности; `unitctl cert renew` повторит попытку.',
    ),
  },
} as const satisfies Record<string, Words>;
export type ProblemCode = keyof typeof PROBLEMS;

/** The authority gave no certificate, or would not. */
export class AcmeProblem extends Error {
  override readonly name = 'AcmeProblem';
  readonly code: ProblemCode;
  /** What the authority or the client said, in English; scrubbed. */
  readonly detail: string;

  constructor(code: ProblemCode, detail: string) {
    super(PROBLEMS[code].message.en);
    this.code = code;
    this.detail = detail;
  }
}

/** Words for a code; of another release's code, the general ones. */
export function problemWords(code: string): Words {
  return Object.hasOwn(PROBLEMS, code) ? PROBLEMS[code as ProblemCode] : PROBLEMS.other;
}

/** Problem types, `urn:ietf:params:acme:error:` and these. */
const TYPES: Readonly<Record<string, ProblemCode>> = {
  dns: 'name-unknown',
  connection: 'unreachable',
  tls: 'unreachable',
  unauthorized: 'other-machine',
  incorrectResponse: 'other-machine',
  rateLimited: 'rate-limited',
  rejectedIdentifier: 'name-refused',
  unsupportedIdentifier: 'name-refused',
  caa: 'name-refused',
  externalAccountRequired: 'account-binding',
  accountDoesNotExist: 'account-refused',
  invalidContact: 'account-refused',
  unsupportedContact: 'account-refused',
  userActionRequired: 'account-refused',
  serverInternal: 'authority-fails',
};

/** The problem that a log names last; undefined where it names none that is known. Turned down nonces are among what comes before. */
export function problemIn(text: string, challenge: string): AcmeProblem | undefined {
  const found = [...text.matchAll(/urn:ietf:params:acme:error:([A-Za-z]+)(?: :: ([^\n]*))?/g)];
  const [, type = '', detail = ''] = found.findLast(([, each = '']) => Object.hasOwn(TYPES, each)) ?? [];
  const code = TYPES[type];
  if (code === undefined) return undefined;
  return new AcmeProblem(code === 'other-machine' && challenge === 'dns-01' ? 'record-unseen' : code, detail);
}
