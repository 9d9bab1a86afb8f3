/** What the setup page says about the network's rules; see settings/rule-texts.ts. */
import type { EveryText } from '../../contract/texts.ts';

export const NETWORK_TEXTS = {
  nameServer: {
    en: 'One of these is no IP address. Give addresses such as 192.0.2.53 or 2001:db8::53.',
    ja: 'IP アドレスでないものがあります。192.0.2.53 や 2001:db8::53 のように入力してください。',
    ru: 'Здесь есть не IP-адрес. Укажите адреса, например 192.0.2.53 или 2001:db8::53.',
  },
  addressForGateway: {
    en: 'A gateway is given: an address is needed too.',
    ja: 'ゲートウェイを指定したため、アドレスも必要です。',
    ru: 'Шлюз задан: нужен и адрес.',
  },
  dhcpOrStatic: {
    en: 'DHCP is chosen, and addresses or gateways are given. Choose static, or leave them out.',
    ja: 'DHCP を選択していますが、アドレスまたはゲートウェイが指定されています。固定を選ぶか、それらを消してください。',
    ru: 'Выбран DHCP, но заданы адреса или шлюзы. Выберите статический способ или уберите их.',
  },
  addressesNeeded: {
    en: 'Static addresses are chosen: give at least one, such as 192.0.2.10/24.',
    ja: '固定アドレスを選択したため、192.0.2.10/24 のようなアドレスが 1 つ以上必要です。',
    ru: 'Выбраны статические адреса: укажите хотя бы один, например 192.0.2.10/24.',
  },
  gatewayOnce: {
    en: 'There are two gateways of one kind. Keep one of IPv4 and one of IPv6.',
    ja: '同じ種類のゲートウェイが 2 つあります。IPv4 と IPv6 を 1 つずつにしてください。',
    ru: 'Два шлюза одного вида. Оставьте один для IPv4 и один для IPv6.',
  },
  addressForm: {
    en: 'This is no IP address with a prefix length. Write it as 192.0.2.10/24 or 2001:db8::10/64.',
    ja: 'プレフィックス長付きの IP アドレスではありません。192.0.2.10/24 や 2001:db8::10/64 のように入力してください。',
    ru: 'Это не IP-адрес с длиной префикса. Пишите так: 192.0.2.10/24 или 2001:db8::10/64.',
  },
  addressImpossible: {
    en: 'No interface can have this address. Give one of the network that the unit is in.',
    ja: 'インターフェースに設定できないアドレスです。ユニットが属するネットワークのアドレスを入力してください。',
    ru: 'Такого адреса у интерфейса быть не может. Укажите адрес из сети узла.',
  },
  addressOfNetwork: {
    en: "This is the network's own or its broadcast address. Give one between the two, or mend the prefix length.",
    ja: 'ネットワークアドレスまたはブロードキャストアドレスです。その間のアドレスにするか、プレフィックス長を直してください。',
    ru: 'Это адрес самой сети или широковещательный. Укажите адрес между ними или исправьте длину префикса.',
  },
  gatewayForm: {
    en: 'This is no IP address. Write it as 192.0.2.1 or fe80::1, without a prefix length.',
    ja: 'IP アドレスではありません。192.0.2.1 や fe80::1 のように、プレフィックス長なしで入力してください。',
    ru: 'Это не IP-адрес. Пишите так: 192.0.2.1 или fe80::1, без длины префикса.',
  },
  gatewayOwn: {
    en: "This is the unit's own address. Give the router's.",
    ja: 'ユニット自身のアドレスです。ルーターのアドレスを入力してください。',
    ru: 'Это адрес самого узла. Укажите адрес маршрутизатора.',
  },
  gatewayElsewhere: {
    en: 'This is in the network of none of the addresses. Mend it, or the prefix length of the address.',
    ja: 'どのアドレスのネットワークにも属していません。これかアドレスのプレフィックス長を直してください。',
    ru: 'Не входит в сеть ни одного из адресов. Исправьте его или длину префикса адреса.',
  },
  interfaceNeeded: {
    en: 'There are several entries: say which interface this one is about, by name or MAC address.',
    ja: '複数の項目があります。どのインターフェースかを名前または MAC アドレスで指定してください。',
    ru: 'Записей несколько: укажите, о каком интерфейсе эта, по имени или MAC-адресу.',
  },
  interfaceTwice: {
    en: 'There is an entry about this interface already. Make one of the two.',
    ja: 'このインターフェースの項目はすでにあります。1 つにまとめてください。',
    ru: 'Запись об этом интерфейсе уже есть. Сделайте из двух одну.',
  },
  addressTwice: {
    en: 'This address is given twice. Keep one of them.',
    ja: '同じアドレスが 2 回指定されています。1 つにしてください。',
    ru: 'Этот адрес задан дважды. Оставьте один.',
  },
} as const satisfies Record<string, EveryText>;
