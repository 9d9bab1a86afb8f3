/** What a schema cannot say about the network. Pure; the builder reads it too. */
import { isIP } from 'node:net';

import type { EveryText } from '../../contract/texts.ts';
import type { RuleViolation } from '../../settings/words.ts';
import {
  canonical,
  isAlone,
  isLinkLocal,
  isNetworkOrBroadcast,
  isUnicast,
  isWithin,
  nameServers,
  parseCidr,
  wantedInterfaces,
} from './addresses.ts';
import { NETWORK_TEXTS } from './rule-texts.ts';
import type { Interface, Network } from './schema.ts';

/** Keyword of the rules that find something missing, not something wrong. */
export const NETWORK_MISSING = 'network-is-whole';

type Find = (keyword: string, at: string, texts: EveryText, message: string, suggestion: string) => RuleViolation;

/** Where the settings say it: the simplest form has members of its own. */
interface Place {
  name: string;
  pointer: string;
  addresses(index: number): { name: string; pointer: string };
  gateways(index: number): { name: string; pointer: string };
}

const SIMPLE: Place = {
  name: 'network',
  pointer: '/network',
  addresses: () => ({ name: 'network.address', pointer: '/network/address' }),
  gateways: () => ({ name: 'network.gateway', pointer: '/network/gateway' }),
};

function listed(entry: number): Place {
  const name = `network.interfaces[${entry}]`;
  const pointer = `/network/interfaces/${entry}`;
  const member = (list: string) => (index: number) => ({ name: `${name}.${list}[${index}]`, pointer: `${pointer}/${list}/${index}` });
  return { name, pointer, addresses: member('addresses'), gateways: member('gateways') };
}

/** All that is wrong or missing, over a network whose members have the right types. */
export function networkViolations(network: Network): RuleViolation[] {
  const isList = (network.interfaces ?? []).length > 0;
  const wanted = wantedInterfaces(network);
  return [
    ...wanted.flatMap((each, index) => interfaceViolations(each, isList ? listed(index) : SIMPLE)),
    ...(isList ? selectorViolations(wanted) : simpleViolations(network)),
    ...addressTwice(wanted, isList),
    ...nameServers(network).flatMap((server) =>
      isIP(server) === 0
        ? [
            violation(
              'name-server',
              '/network/dns',
              NETWORK_TEXTS.nameServer,
              'network.dns has an entry that is no IP address',
              'Give addresses such as 192.0.2.53 or 2001:db8::53.',
            ),
          ]
        : [],
    ),
  ];
}

function simpleViolations({ address, gateway }: Network): RuleViolation[] {
  if (gateway === undefined || address !== undefined) return [];
  return [
    violation(
      NETWORK_MISSING,
      '/network',
      NETWORK_TEXTS.addressForGateway,
      '"address" is missing in network: a gateway is given',
      'Add network.address.',
    ),
  ].map((each) => ({ ...each, lacks: 'address' }));
}

function interfaceViolations({ method, addresses = [], gateways = [] }: Interface, place: Place): RuleViolation[] {
  if (method === 'dhcp') {
    return addresses.length + gateways.length === 0
      ? []
      : [
          violation(
            'dhcp-or-static',
            place.pointer,
            NETWORK_TEXTS.dhcpOrStatic,
            `${place.name} asks for DHCP and gives addresses or gateways`,
            'Give method: static, or leave them out.',
          ),
        ];
  }
  if (addresses.length === 0) {
    return [
      violation(
        NETWORK_MISSING,
        place.pointer,
        NETWORK_TEXTS.addressesNeeded,
        `"addresses" is missing in ${place.name}: its method is static`,
        'Add addresses: [192.0.2.10/24].',
      ),
    ];
  }
  return [
    ...addresses.flatMap((text, index) => addressViolations(text, place.addresses(index))),
    ...gateways.flatMap((text, index) => gatewayViolations(text, addresses, place.gateways(index))),
    ...(gateways.length === 2 && isIP(gateways[0] ?? '') === isIP(gateways[1] ?? '')
      ? [
          violation(
            'gateway-once',
            `${place.pointer}/gateways`,
            NETWORK_TEXTS.gatewayOnce,
            `${place.name} has two gateways of one kind`,
            'Keep one of IPv4 and one of IPv6.',
          ),
        ]
      : []),
  ];
}

function addressViolations(text: string, { name, pointer }: { name: string; pointer: string }): RuleViolation[] {
  const cidr = parseCidr(text);
  if (cidr === undefined)
    return [
      violation(
        'address',
        pointer,
        NETWORK_TEXTS.addressForm,
        `${name} is no IP address with a prefix length`,
        'Write it as 192.0.2.10/24 or 2001:db8::10/64.',
      ),
    ];
  if (!isUnicast(cidr.address))
    return [
      violation(
        'address',
        pointer,
        NETWORK_TEXTS.addressImpossible,
        `${name} is an address that no interface can have`,
        'Give an address of the network that the unit is in.',
      ),
    ];
  return isNetworkOrBroadcast(cidr)
    ? [
        violation(
          'address',
          pointer,
          NETWORK_TEXTS.addressOfNetwork,
          `${name} is the network's own or its broadcast address`,
          'Give an address between the two, or mend the prefix length.',
        ),
      ]
    : [];
}

function gatewayViolations(
  gateway: string,
  addresses: readonly string[],
  { name, pointer }: { name: string; pointer: string },
): RuleViolation[] {
  if (isIP(gateway) === 0)
    return [
      violation(
        'gateway',
        pointer,
        NETWORK_TEXTS.gatewayForm,
        `${name} is no IP address`,
        'Write it as 192.0.2.1 or fe80::1, without a prefix length.',
      ),
    ];
  const own = addresses.flatMap((text) => parseCidr(text) ?? []);
  if (own.some(({ address }) => canonical(address) === canonical(gateway)))
    return [violation('gateway', pointer, NETWORK_TEXTS.gatewayOwn, `${name} is the unit's own address`, "Give the router's address.")];
  if (isLinkLocal(gateway) || own.some((cidr) => isWithin(cidr, gateway))) return [];
  if (own.some((cidr) => isAlone(cidr) && cidr.version === isIP(gateway))) return [];
  return [
    violation(
      'gateway',
      pointer,
      NETWORK_TEXTS.gatewayElsewhere,
      `${name} is in the network of none of the addresses`,
      'Mend the gateway, or the prefix length of the address.',
    ),
  ];
}

function selectorViolations(wanted: readonly Interface[]): RuleViolation[] {
  const seen = new Set<string>();
  return wanted.flatMap(({ interface: selector }, index) => {
    const pointer = `/network/interfaces/${index}`;
    if (selector === undefined) {
      return wanted.length === 1
        ? []
        : [
            violation(
              'interface',
              pointer,
              NETWORK_TEXTS.interfaceNeeded,
              `network.interfaces[${index}] does not say which interface it is about`,
              'Add interface: its name or MAC address.',
            ),
          ];
    }
    const key = selector.toLowerCase();
    if (!seen.has(key)) {
      seen.add(key);
      return [];
    }
    return [
      violation(
        'interface',
        `${pointer}/interface`,
        NETWORK_TEXTS.interfaceTwice,
        `network.interfaces[${index}] is about an interface that is there already`,
        'Make one entry of the two.',
      ),
    ];
  });
}

function addressTwice(wanted: readonly Interface[], isList: boolean): RuleViolation[] {
  const seen = new Set<string>();
  return wanted.flatMap(({ addresses = [] }, entry) =>
    addresses.flatMap((text, index) => {
      const cidr = parseCidr(text);
      if (cidr === undefined) return [];
      const key = canonical(cidr.address);
      if (!seen.has(key)) {
        seen.add(key);
        return [];
      }
      const { name, pointer } = (isList ? listed(entry) : SIMPLE).addresses(index);
      return [violation('address-once', pointer, NETWORK_TEXTS.addressTwice, `${name} is given twice`, 'Keep one of them.')];
    }),
  );
}

const violation: Find = (keyword, path, texts, message, suggestion) => ({ keyword, path, texts, message, suggestion });
