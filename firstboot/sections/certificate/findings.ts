/** What can be said of a certificate that its owner brings, each in every language and with what to do about it. */
import type { CheckFinding } from '../../contract/helper.ts';

export interface Finding extends CheckFinding {
  /** Name of the finding, for code. */
  code: keyof typeof FINDINGS;
  /** A web server could not use it: Apply refuses it. The rest is for its owner to decide. */
  blocks: boolean;
}

type Words = Omit<CheckFinding, 'severity'>;
type Rank = 'blocks' | CheckFinding['severity'];

const say = (en: string, ja: string, ru: string): { en: string; ja: string; ru: string } => ({ en, ja, ru });

/** Rank and words by code. `detail` is a name, a date or a number out of the certificate; never of the key. */
const FINDINGS = {
  'no-certificate': (): [Rank, Words] => [
    'blocks',
    {
      message: say('There is no certificate in what was given.', '証明書が含まれていません。', 'В переданном нет сертификата.'),
      remedy: say(
        'Give it as PEM: text that begins with -----BEGIN CERTIFICATE-----. Of a .pfx or .p12 file `openssl pkcs12 -in FILE -nodes` makes it.',
        'PEM 形式(-----BEGIN CERTIFICATE----- で始まる文字)で指定してください。.pfx / .p12 は `openssl pkcs12 -in FILE -nodes` で変換できます。',
        'Нужен PEM: текст, который начинается с -----BEGIN CERTIFICATE-----. Из файла .pfx или .p12 его делает `openssl pkcs12 -in FILE -nodes`.',
      ),
    },
  ],
  'bad-certificate': (): [Rank, Words] => [
    'blocks',
    {
      message: say('One of the certificates cannot be read.', '読み取れない証明書があります。', 'Один из сертификатов не читается.'),
      remedy: say('Copy it again, whole.', 'もう一度、全体をコピーしてください。', 'Скопируйте его ещё раз, целиком.'),
    },
  ],
  'no-key': (): [Rank, Words] => [
    'blocks',
    {
      message: say('There is no private key in what was given.', '秘密鍵が含まれていません。', 'В переданном нет закрытого ключа.'),
      remedy: say(
        'Add the key with which the certificate was asked for: text that begins with -----BEGIN PRIVATE KEY----- or the like.',
        '証明書の申請に使った秘密鍵(-----BEGIN PRIVATE KEY----- などで始まる文字)を追加してください。',
        'Добавьте ключ, с которым запрашивался сертификат: текст, который начинается с -----BEGIN PRIVATE KEY----- или похоже.',
      ),
    },
  ],
  'bad-key': (): [Rank, Words] => [
    'blocks',
    {
      message: say('The private key cannot be read.', '秘密鍵を読み取れません。', 'Закрытый ключ не читается.'),
      remedy: say(
        'Copy it again, whole; one in an old encryption is converted by `openssl pkey -in FILE -out NEW`.',
        'もう一度、全体をコピーしてください。古い暗号方式の鍵は `openssl pkey -in FILE -out NEW` で変換できます。',
        'Скопируйте его ещё раз, целиком; ключ в старом шифровании преобразует `openssl pkey -in FILE -out NEW`.',
      ),
    },
  ],
  'passphrase-missing': (): [Rank, Words] => [
    'blocks',
    {
      message: say(
        'The private key is encrypted, and no passphrase is given.',
        '秘密鍵は暗号化されていますが、パスフレーズがありません。',
        'Закрытый ключ зашифрован, а пароль не задан.',
      ),
      remedy: say('Give the passphrase.', 'パスフレーズを入力してください。', 'Укажите пароль.'),
    },
  ],
  'passphrase-wrong': (): [Rank, Words] => [
    'blocks',
    {
      message: say(
        'The passphrase does not open the private key.',
        'パスフレーズが秘密鍵に合いません。',
        'Пароль не подходит к закрытому ключу.',
      ),
      remedy: say(
        'Give the one that the key was encrypted with.',
        '鍵の暗号化に使ったパスフレーズを入力してください。',
        'Укажите тот, которым ключ зашифрован.',
      ),
    },
  ],
  mismatch: (): [Rank, Words] => [
    'blocks',
    {
      message: say(
        'The private key belongs to none of the certificates.',
        '秘密鍵がどの証明書にも対応していません。',
        'Закрытый ключ не подходит ни к одному из сертификатов.',
      ),
      remedy: say(
        'Give the key with which the certificate was asked for, or ask for one anew.',
        '証明書の申請に使った鍵を指定するか、証明書を再申請してください。',
        'Укажите ключ, с которым запрашивался сертификат, или запросите новый.',
      ),
    },
  ],
  matches: (): [Rank, Words] => [
    'ok',
    { message: say('Key and certificate belong together.', '秘密鍵と証明書が対応しています。', 'Ключ и сертификат подходят друг другу.') },
  ],
  'weak-key': (detail: string): [Rank, Words] => [
    'blocks',
    {
      message: say(
        `The key has only ${detail} bits: it can be broken.`,
        `鍵が ${detail} ビットしかなく、破られるおそれがあります。`,
        `В ключе всего ${detail} бит: его можно взломать.`,
      ),
      remedy: say(
        'Ask for a certificate with an EC key, or with RSA of 2048 bits or more.',
        'EC 鍵、または 2048 ビット以上の RSA 鍵で証明書を取得してください。',
        'Запросите сертификат с ключом EC или RSA от 2048 бит.',
      ),
    },
  ],
  'rare-key': (detail: string): [Rank, Words] => [
    'warning',
    {
      message: say(
        `Browsers do not accept keys of the kind ${detail}.`,
        `ブラウザーは ${detail} の鍵に対応していません。`,
        `Браузеры не принимают ключи вида ${detail}.`,
      ),
      remedy: say('Use an EC (P-256) or an RSA key.', 'EC (P-256) または RSA 鍵を使ってください。', 'Используйте ключ EC (P-256) или RSA.'),
    },
  ],
  'weak-hash': (detail: string): [Rank, Words] => [
    'blocks',
    {
      message: say(
        `A certificate is signed with ${detail}, which can be forged.`,
        `証明書の署名が ${detail} で、偽造のおそれがあります。`,
        `Сертификат подписан с ${detail}, такую подпись можно подделать.`,
      ),
      remedy: say(
        'Ask the authority for one that is signed with SHA-256.',
        'SHA-256 で署名された証明書を認証局に依頼してください。',
        'Попросите у центра сертификат с подписью SHA-256.',
      ),
    },
  ],
  expired: (detail: string): [Rank, Words] => [
    'error',
    {
      message: say(`The certificate expired on ${detail}.`, `証明書の期限が切れています(${detail})。`, `Срок сертификата истёк ${detail}.`),
      remedy: say('Ask the authority for a new one.', '認証局から新しい証明書を取得してください。', 'Запросите у центра новый.'),
    },
  ],
  expires: (detail: string): [Rank, Words] => [
    'warning',
    {
      message: say(`The certificate expires on ${detail}.`, `証明書の期限は ${detail} です。`, `Срок сертификата истекает ${detail}.`),
      remedy: say(
        'Get its successor, and import it with `unitctl cert import`.',
        '新しい証明書を取得し、`unitctl cert import` で取り込んでください。',
        'Получите следующий и установите его командой `unitctl cert import`.',
      ),
    },
  ],
  'not-yet-valid': (detail: string): [Rank, Words] => [
    'error',
    {
      message: say(
        `The certificate is not valid before ${detail}.`,
        `証明書は ${detail} まで有効になりません。`,
        `Сертификат начнёт действовать только ${detail}.`,
      ),
      remedy: say("Check this unit's clock.", 'ユニットの時刻を確認してください。', 'Проверьте часы узла.'),
    },
  ],
  'intermediate-expired': (detail: string): [Rank, Words] => [
    'error',
    {
      message: say(
        `A certificate of the chain is out of its dates: ${detail}.`,
        `チェーン内の証明書が有効期間外です: ${detail}`,
        `Сертификат цепочки вне срока действия: ${detail}.`,
      ),
      remedy: say(
        'Get the present chain from the authority.',
        '認証局から最新のチェーンを取得してください。',
        'Возьмите у центра действующую цепочку.',
      ),
    },
  ],
  'name-missing': (detail: string): [Rank, Words] => [
    'error',
    {
      message: say(
        `The certificate is not for ${detail}: browsers will refuse it.`,
        `証明書が ${detail} に対応していないため、ブラウザーに拒否されます。`,
        `Сертификат не для ${detail}: браузеры его отвергнут.`,
      ),
      remedy: say(
        'Use one that names it, or change the domain name.',
        'この名前を含む証明書を使うか、ドメイン名を変更してください。',
        'Возьмите сертификат с этим именем или измените доменное имя.',
      ),
    },
  ],
  names: (detail: string): [Rank, Words] => ['ok', { message: say(`It is for ${detail}.`, `対象の名前: ${detail}`, `Он для ${detail}.`) }],
  'not-for-servers': (): [Rank, Words] => [
    'error',
    {
      message: say(
        'The certificate is not meant for web servers.',
        'この証明書は Web サーバー用ではありません。',
        'Сертификат не предназначен для веб-серверов.',
      ),
      remedy: say(
        'Ask for a server certificate (extended key usage serverAuth).',
        'サーバー証明書(拡張キー使用法 serverAuth)を取得してください。',
        'Запросите серверный сертификат (serverAuth).',
      ),
    },
  ],
  'self-signed': (): [Rank, Words] => [
    'info',
    {
      message: say(
        'The certificate is self-signed: browsers warn until they are told to trust it.',
        '自己署名証明書です。信頼するよう設定するまでブラウザーは警告します。',
        'Сертификат самоподписанный: браузеры предупреждают, пока их не научат ему доверять.',
      ),
    },
  ],
  'private-authority': (detail: string): [Rank, Words] => [
    'info',
    {
      message: say(
        `It comes from a private authority (${detail}): browsers need its root certificate.`,
        `プライベート認証局 (${detail}) の証明書です。ブラウザーにルート証明書が必要です。`,
        `Он от частного центра (${detail}): браузерам нужен его корневой сертификат.`,
      ),
    },
  ],
  incomplete: (detail: string): [Rank, Words] => [
    'warning',
    {
      message: say(
        `The chain ends at ${detail}, which this unit does not know: an intermediate certificate is missing, or the authority is a private one.`,
        `チェーンが ${detail} で終わっています。中間証明書が足りないか、プライベート認証局です。`,
        `Цепочка кончается на ${detail}, неизвестном узлу: не хватает промежуточного сертификата, или центр частный.`,
      ),
      remedy: say(
        'Add the intermediate certificates that the authority gave along.',
        '認証局から渡された中間証明書を追加してください。',
        'Добавьте промежуточные сертификаты, которые дал центр.',
      ),
    },
  ],
  complete: (): [Rank, Words] => [
    'ok',
    {
      message: say(
        'The chain is complete and publicly trusted.',
        'チェーンは完全で、公的に信頼されています。',
        'Цепочка полна и общепризнана.',
      ),
    },
  ],
  reordered: (): [Rank, Words] => [
    'info',
    {
      message: say(
        'The certificates are in another order; the unit puts them right.',
        '証明書の順序が異なりますが、ユニットが並べ替えます。',
        'Порядок сертификатов другой; узел расставит их сам.',
      ),
    },
  ],
  unrelated: (detail: string): [Rank, Words] => [
    'info',
    {
      message: say(
        `Not part of the chain, and left out: ${detail}.`,
        `チェーンに含まれないため除外: ${detail}`,
        `Не относится к цепочке и не используется: ${detail}.`,
      ),
    },
  ],
} as const satisfies Record<string, (detail: string) => [Rank, Words]>;

export function finding(code: keyof typeof FINDINGS, detail = ''): Finding {
  const [rank, words] = (FINDINGS[code] as (detail: string) => [Rank, Words])(detail);
  return { code, severity: rank === 'blocks' ? 'error' : rank, blocks: rank === 'blocks', ...words };
}
