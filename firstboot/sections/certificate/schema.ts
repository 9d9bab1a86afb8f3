import Type, { type Static } from 'typebox';

/** Let's Encrypt's production directory (RFC 8555, 7.1.1). */
const LETS_ENCRYPT = 'https://acme-v02.api.letsencrypt.org/directory';

/** Several lines of text, as people paste them. Four certificates with RSA keys of 4096 bits and a key are 12 kB. */
const pasted = { minLength: 1, maxLength: 100_000 };

const Acme = Type.Object(
  {
    directory: Type.Optional(
      Type.String({
        pattern: '^https://[^\\s]+$',
        maxLength: 500,
        default: LETS_ENCRYPT,
        description: 'A URL that begins with https://',
        'x-titles': { en: 'Directory URL', ja: 'ディレクトリの URL', ru: 'URL каталога' },
        'x-help': {
          en: "Where the authority is asked. Let's Encrypt where nothing else is given.",
          ja: '認証局の ACME ディレクトリ。指定がなければ Let’s Encrypt です。',
          ru: 'Адрес удостоверяющего центра. По умолчанию Let’s Encrypt.',
        },
      }),
    ),
    roots: Type.Optional(
      Type.String({
        ...pasted,
        'x-titles': {
          en: 'Root certificate of a private authority',
          ja: 'プライベート認証局のルート証明書',
          ru: 'Корневой сертификат частного центра',
        },
        'x-help': {
          en: 'PEM. Needed only where the directory itself has a certificate that is not publicly trusted.',
          ja: 'PEM 形式。ディレクトリ自体の証明書が公的に信頼されていない場合にのみ必要です。',
          ru: 'PEM. Нужен, только если сертификат самого каталога не относится к общепринятым.',
        },
      }),
    ),
    email: Type.Optional(
      Type.String({
        format: 'email',
        'x-titles': { en: 'E-mail address of the account', ja: 'アカウントのメールアドレス', ru: 'Адрес почты учётной записи' },
        'x-help': {
          en: 'The authority may write to it, about an expiry for instance.',
          ja: '有効期限などについて認証局から連絡が届くことがあります。',
          ru: 'На него центр может написать, например об истечении срока.',
        },
      }),
    ),
    agreeToTerms: Type.Optional(
      Type.Boolean({
        default: false,
        'x-titles': {
          en: "I agree to the authority's terms of service",
          ja: '認証局の利用規約に同意する',
          ru: 'Согласие с условиями удостоверяющего центра',
        },
      }),
    ),
    challenge: Type.Optional(
      Type.Enum(['http-01', 'dns-01'], {
        default: 'http-01',
        'x-titles': { en: 'Proof of the name', ja: 'ドメイン名の確認方法', ru: 'Подтверждение имени' },
        'x-help': {
          en: 'http-01: the authority must reach port 80 of this unit by its domain name. dns-01: a record is made with the DNS provider; the unit need not be reachable.',
          ja: 'http-01: 認証局がドメイン名でこのユニットのポート 80 に到達できる必要があります。dns-01: DNS 事業者にレコードを作成します。外部から到達できなくてもかまいません。',
          ru: 'http-01: центр должен достичь порта 80 этого узла по доменному имени. dns-01: запись создаётся у DNS-провайдера; доступ извне не нужен.',
        },
      }),
    ),
    dnsProvider: Type.Optional(
      Type.String({
        pattern: '^[a-z0-9][a-z0-9-]{0,40}$',
        description: 'A code of lego, such as cloudflare, hetzner, route53 or rfc2136',
        'x-when': { challenge: ['dns-01'] },
        'x-titles': { en: 'DNS provider', ja: 'DNS 事業者', ru: 'DNS-провайдер' },
        'x-help': {
          en: 'For dns-01: its code in lego, such as cloudflare, hetzner, route53 or rfc2136 (go-acme.github.io/lego/dns).',
          ja: 'dns-01 用: lego のコード(例: cloudflare, hetzner, route53, rfc2136。go-acme.github.io/lego/dns)。',
          ru: 'Для dns-01: код из lego, например cloudflare, hetzner, route53 или rfc2136 (go-acme.github.io/lego/dns).',
        },
      }),
    ),
    dnsCredentials: Type.Optional(
      Type.String({
        maxLength: 10_000,
        pattern: '^(\\s*[A-Z][A-Z0-9_]*=[^\\r\\n]*(\\r?\\n|$))+\\s*$',
        writeOnly: true,
        description: 'Lines of NAME=value, such as CLOUDFLARE_DNS_API_TOKEN=...',
        'x-when': { challenge: ['dns-01'] },
        'x-titles': { en: 'Credentials of the DNS provider', ja: 'DNS 事業者の認証情報', ru: 'Доступ к DNS-провайдеру' },
        'x-help': {
          en: 'A line of NAME=value for each that the provider wants, as its page of lego names them, such as CLOUDFLARE_DNS_API_TOKEN=...',
          ja: '事業者が必要とする値を 1 行に 1 つ、NAME=value の形で(名前は lego の説明のとおり。例: CLOUDFLARE_DNS_API_TOKEN=...)。',
          ru: 'По строке NAME=value на каждое значение, которое нужно провайдеру; имена как в описании lego, например CLOUDFLARE_DNS_API_TOKEN=...',
        },
      }),
    ),
    keyType: Type.Optional(
      Type.Enum(['ec256', 'ec384', 'rsa2048', 'rsa4096'], {
        default: 'ec256',
        'x-titles': { en: 'Kind of key', ja: '鍵の種類', ru: 'Вид ключа' },
      }),
    ),
    /** External account binding (RFC 8555, 7.3.4). */
    eabKeyId: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 500,
        'x-titles': { en: 'EAB key identifier', ja: 'EAB 鍵 ID', ru: 'Идентификатор ключа EAB' },
        'x-help': {
          en: 'Only where the authority wants accounts bound to those that its customers have.',
          ja: '認証局が既存の顧客アカウントとの紐付け(External Account Binding)を求める場合のみ。',
          ru: 'Только если центр требует привязки к имеющейся у него учётной записи.',
        },
      }),
    ),
    eabHmacKey: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9_+/-]+={0,2}$',
        maxLength: 500,
        writeOnly: true,
        description: 'The key in base64url, as the authority shows it',
        'x-titles': { en: 'EAB key', ja: 'EAB 鍵', ru: 'Ключ EAB' },
      }),
    ),
  },
  {
    additionalProperties: false,
    default: {},
    'x-when': { mode: ['acme'] },
    'x-titles': { en: 'From an authority by ACME', ja: 'ACME による取得', ru: 'От удостоверяющего центра по ACME' },
  },
);
export type Acme = Static<typeof Acme>;

export const Certificate = Type.Object(
  {
    mode: Type.Optional(
      Type.Enum(['self-signed', 'upload', 'acme'], {
        default: 'self-signed',
        'x-choices': {
          'self-signed': { en: "The unit's own", ja: 'ユニット独自', ru: 'Собственный' },
          upload: { en: 'One that you have', ja: '手元の証明書', ru: 'Имеющийся у вас' },
          acme: {
            en: "From Let's Encrypt or another authority (ACME)",
            ja: 'Let’s Encrypt など (ACME)',
            ru: 'От Let’s Encrypt или другого центра (ACME)',
          },
        },
        'x-titles': { en: 'Certificate', ja: '証明書', ru: 'Сертификат' },
        'x-help': {
          en: "self-signed: the unit makes its own, signed by an authority of its own that browsers can be told to trust. upload: one that you have. acme: from Let's Encrypt or another authority, renewed by itself.",
          ja: 'self-signed: ユニットが自分で作成します(ユニット独自の認証局をブラウザーに登録できます)。upload: 手元の証明書を使います。acme: Let’s Encrypt などから取得し、自動更新します。',
          ru: 'self-signed: узел делает его сам и подписывает собственным центром, которому можно научить доверять браузеры. upload: имеющийся у вас. acme: от Let’s Encrypt или другого центра, обновляется сам.',
        },
      }),
    ),
    pem: Type.Optional(
      Type.String({
        ...pasted,
        writeOnly: true,
        'x-when': { mode: ['upload'] },
        'x-titles': { en: 'Certificates and key (PEM)', ja: '証明書と秘密鍵 (PEM)', ru: 'Сертификаты и ключ (PEM)' },
        'x-help': {
          en: 'The certificate, those between it and the root, and the private key, in any order.',
          ja: 'サーバー証明書、中間証明書、秘密鍵。順序は問いません。',
          ru: 'Сертификат, промежуточные сертификаты и закрытый ключ в любом порядке.',
        },
      }),
    ),
    key: Type.Optional(
      Type.String({
        ...pasted,
        writeOnly: true,
        'x-when': { mode: ['upload'] },
        'x-titles': {
          en: 'Private key (PEM), where it is apart',
          ja: '秘密鍵 (PEM)、別の場合',
          ru: 'Закрытый ключ (PEM), если он отдельно',
        },
      }),
    ),
    file: Type.Optional(
      Type.String({
        ...pasted,
        pattern: '^[A-Za-z0-9+/\\s]*(=\\s*){0,2}$',
        contentEncoding: 'base64',
        writeOnly: true,
        description: 'A PEM file in base64',
        'x-when': { mode: ['upload'] },
        'x-titles': { en: 'Or a PEM file', ja: 'または PEM ファイル', ru: 'Или файл PEM' },
      }),
    ),
    passphrase: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 1000,
        writeOnly: true,
        'x-when': { mode: ['upload'] },
        'x-titles': { en: 'Passphrase of the key', ja: '秘密鍵のパスフレーズ', ru: 'Пароль ключа' },
        'x-help': {
          en: 'Only where the key is encrypted.',
          ja: '鍵が暗号化されている場合のみ。',
          ru: 'Только если ключ зашифрован.',
        },
      }),
    ),
    acme: Type.Optional(Acme),
  },
  { additionalProperties: false, default: {}, 'x-titles': { en: 'Certificate', ja: '証明書', ru: 'Сертификат' } },
);
export type Certificate = Static<typeof Certificate>;
