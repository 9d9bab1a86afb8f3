import Type, { type Static } from 'typebox';

const strict = { additionalProperties: false } as const;

/** Rules (rules.ts) look at the numbers; the pattern keeps out what could mean something else in a file. */
const ADDRESS = {
  pattern: '^[0-9A-Fa-f:.]{2,45}/[0-9]{1,3}$',
  description: 'An address with the length of its network prefix, such as 192.0.2.10/24 or 2001:db8::10/64',
};
const GATEWAY = { pattern: '^[0-9A-Fa-f:.]{2,45}$', description: 'An IP address' };
/** Of Linux (15 characters, or an alternative name), or a MAC address (EUI-48) with colons. */
const INTERFACE = { pattern: '^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$', description: 'The name of an interface or its MAC address' };
/** Without user name and password, which apt.conf would show to everybody; nothing that apt.conf(5) takes for more than a value. */
const WEB_ADDRESS = 'https?://([A-Za-z0-9.-]+|\\[[0-9A-Fa-f:.]+\\])(:[0-9]{1,5})?';

export const Interface = Type.Object(
  {
    interface: Type.Optional(
      Type.String({
        ...INTERFACE,
        'x-titles': { en: 'Interface', ja: 'インターフェース', ru: 'Интерфейс' },
        'x-help': {
          en: 'Its name, such as ens192, or its MAC address. The first one where this is empty.',
          ja: '名前(例: ens192)または MAC アドレス。空の場合は最初のインターフェース。',
          ru: 'Имя, например ens192, или MAC-адрес. Если не задано — первый интерфейс.',
        },
      }),
    ),
    method: Type.Enum(['dhcp', 'static'], {
      'x-choices': {
        dhcp: { en: 'From the network (DHCP)', ja: 'ネットワークから取得 (DHCP)', ru: 'Из сети (DHCP)' },
        static: { en: 'Static', ja: '固定', ru: 'Постоянные' },
      },
      'x-titles': { en: 'Addresses', ja: 'アドレスの設定方法', ru: 'Как получает адреса' },
    }),
    addresses: Type.Optional(
      Type.Array(Type.String(ADDRESS), {
        maxItems: 16,
        'x-when': { method: ['static'] },
        'x-titles': { en: 'Static addresses', ja: '固定アドレス', ru: 'Постоянные адреса' },
        'x-help': {
          en: 'IPv4 or IPv6, each with its prefix length: 192.0.2.10/24.',
          ja: 'IPv4 または IPv6。プレフィックス長を付けます(例: 192.0.2.10/24)。',
          ru: 'IPv4 или IPv6, с длиной префикса: 192.0.2.10/24.',
        },
      }),
    ),
    gateways: Type.Optional(
      Type.Array(Type.String(GATEWAY), {
        maxItems: 2,
        'x-titles': { en: 'Gateways', ja: 'ゲートウェイ', ru: 'Шлюзы' },
        'x-help': {
          en: 'At most one of IPv4 and one of IPv6.',
          ja: 'IPv4 と IPv6 でそれぞれ 1 つまで。',
          ru: 'Не больше одного для IPv4 и одного для IPv6.',
        },
      }),
    ),
  },
  strict,
);
export type Interface = Static<typeof Interface>;

/**
 * `address` and `gateway` are the simplest form, for the first interface: an importer's form has single fields. The list
 * `interfaces` takes the place of both, so that a later source can say "DHCP" where an earlier one gave an address.
 */
export const Network = Type.Object(
  {
    /** One label (RFC 1123, 2.1); the fully qualified name comes with the domain. */
    hostName: Type.Optional(
      Type.String({
        pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$',
        'x-titles': { en: 'Host name', ja: 'ホスト名', ru: 'Имя узла' },
        'x-help': {
          en: 'One word of lower-case letters, digits and hyphens. The unit keeps the name it has where this is empty.',
          ja: '小文字、数字、ハイフンからなる一語。空の場合は現在の名前のままです。',
          ru: 'Одно слово из строчных латинских букв, цифр и дефисов. Если не задано, имя не меняется.',
        },
        'x-ovf': { order: 10, category: 'Network' },
      }),
    ),
    address: Type.Optional(
      Type.String({
        ...ADDRESS,
        'x-titles': { en: 'Static address', ja: '固定アドレス', ru: 'Постоянный адрес' },
        'x-help': {
          en: 'With its prefix length: 192.0.2.10/24. For the first interface; DHCP where this is empty.',
          ja: 'プレフィックス長を付けます(例: 192.0.2.10/24)。最初のインターフェース用。空の場合は DHCP。',
          ru: 'С длиной префикса: 192.0.2.10/24. Для первого интерфейса; если не задано — DHCP.',
        },
        'x-ovf': { order: 11, category: 'Network' },
      }),
    ),
    gateway: Type.Optional(
      Type.String({
        ...GATEWAY,
        'x-titles': { en: 'Gateway', ja: 'ゲートウェイ', ru: 'Шлюз' },
        'x-help': {
          en: 'Of the static address. May be left out in a network that leads nowhere.',
          ja: '固定アドレスに対応するもの。外部につながらないネットワークでは省略できます。',
          ru: 'Для постоянного адреса. В изолированной сети можно не задавать.',
        },
        'x-ovf': { order: 12, category: 'Network' },
      }),
    ),
    /** One text and no list, for it is an OVF property; as vSphere's own forms have it. Empty: takes back what an earlier source gave. */
    dns: Type.Optional(
      Type.String({
        pattern: '^([0-9A-Fa-f:.]{2,45}([ ,]+[0-9A-Fa-f:.]{2,45}){0,5})?$',
        description: 'Up to six IP addresses, with commas or spaces between them',
        'x-titles': { en: 'Name servers (DNS)', ja: 'DNS サーバー', ru: 'Серверы имён (DNS)' },
        'x-help': {
          en: 'IP addresses with commas between them. Those that the network names by itself where this is empty.',
          ja: 'IP アドレスをカンマで区切ります。空の場合はネットワークが示すものを使います。',
          ru: 'IP-адреса через запятую. Если не задано — те, которые называет сама сеть.',
        },
        'x-ovf': { order: 13, category: 'Network' },
      }),
    ),
    search: Type.Optional(
      Type.Array(
        Type.String({ pattern: '^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$', maxLength: 253 }),
        {
          maxItems: 16,
          'x-titles': { en: 'Search domains', ja: '検索ドメイン', ru: 'Домены поиска' },
          'x-help': {
            en: 'Put behind names of one word when they are looked up.',
            ja: '一語の名前を検索するときに後ろに付けます。',
            ru: 'Добавляются к именам из одного слова при поиске.',
          },
        },
      ),
    ),
    interfaces: Type.Optional(
      Type.Array(Interface, {
        maxItems: 16,
        'x-titles': { en: 'Interfaces', ja: 'インターフェース', ru: 'Интерфейсы' },
        'x-help': {
          en: 'Takes the place of static address and gateway. Interfaces that are not listed stay as they are.',
          ja: '固定アドレスとゲートウェイの代わりになります。一覧にないインターフェースはそのままです。',
          ru: 'Заменяет постоянный адрес и шлюз. Интерфейсы, которых нет в списке, не меняются.',
        },
      }),
    ),
    proxy: Type.Optional(
      Type.String({
        pattern: `^(${WEB_ADDRESS}/?)?$`,
        maxLength: 300,
        description: 'The address of an HTTP proxy without user name and password, such as http://proxy.example.org:3128',
        'x-titles': { en: 'HTTP proxy', ja: 'HTTP プロキシ', ru: 'HTTP-прокси' },
        'x-help': {
          en: 'For downloads of updates, such as http://proxy.example.org:3128. No user name or password.',
          ja: '更新のダウンロード用(例: http://proxy.example.org:3128)。ユーザー名とパスワードは使えません。',
          ru: 'Для загрузки обновлений, например http://proxy.example.org:3128. Без имени пользователя и пароля.',
        },
      }),
    ),
    mirror: Type.Optional(
      Type.String({
        pattern: `^(${WEB_ADDRESS}(/[A-Za-z0-9._~-]+)*/?)?$`,
        maxLength: 300,
        description: 'The address of a Debian mirror, such as http://mirror.example.org/debian',
        'x-titles': { en: 'Package mirror', ja: 'パッケージのミラー', ru: 'Зеркало пакетов' },
        'x-help': {
          en: 'A Debian mirror near you. Security updates come from Debian itself in any case.',
          ja: '近くの Debian ミラー。セキュリティ更新は常に Debian 本体から取得します。',
          ru: 'Ближайшее зеркало Debian. Обновления безопасности всегда берутся у самого Debian.',
        },
      }),
    ),
  },
  { ...strict, default: {}, 'x-titles': { en: 'Network', ja: 'ネットワーク', ru: 'Сеть' } },
);
export type Network = Static<typeof Network>;
