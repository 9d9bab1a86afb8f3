/** IP addresses as settings have them. Pure; the builder reads it too. */
import { BlockList, isIP, isIPv6, SocketAddress } from 'node:net';

import type { Interface, Network } from './schema.ts';

export interface Cidr {
  address: string;
  /** Bits of the network prefix. */
  prefix: number;
  version: 4 | 6;
}

/** `192.0.2.10/24`; undefined for what is no address with a prefix length that its family has. */
export function parseCidr(text: string): Cidr | undefined {
  const [, address = '', digits = ''] = /^([^/]*)\/([0-9]{1,3})$/.exec(text) ?? [];
  const version = isIP(address);
  const prefix = Number(digits);
  if (version !== 4 && version !== 6) return undefined;
  return prefix >= 1 && prefix <= (version === 4 ? 32 : 128) ? { address, prefix, version } : undefined;
}

/** Whether the address lies in the network of `cidr`. */
export function isWithin({ address: network, prefix, version }: Cidr, address: string): boolean {
  if (isIP(address) !== version) return false;
  const list = new BlockList();
  list.addSubnet(network, prefix, version === 4 ? 'ipv4' : 'ipv6');
  return list.check(address, version === 4 ? 'ipv4' : 'ipv6');
}

/** A prefix that leaves room for one address alone: what clouds give, with a gateway that is on the link all the same. */
export function isAlone({ prefix, version }: Cidr): boolean {
  return prefix === (version === 4 ? 32 : 128);
}

/** The first or last address of an IPv4 network, which no host can have (RFC 1122, 3.2.1.3); not of those of two (RFC 3021). */
export function isNetworkOrBroadcast({ address, prefix, version }: Cidr): boolean {
  if (version !== 4 || prefix > 30) return false;
  const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - prefix);
  return number % size === 0 || number % size === size - 1;
}

/** Unspecified, loopback, multicast and reserved addresses (RFC 6890), and IPv4 in the clothes of IPv6. */
const SPECIAL = ['0.0.0.0/8', '127.0.0.0/8', '224.0.0.0/3', '::/127', 'ff00::/8', '::ffff:0:0/96'].flatMap((text) => parseCidr(text) ?? []);

/** An address that an interface may have. */
export function isUnicast(address: string): boolean {
  return !SPECIAL.some((cidr) => isWithin(cidr, address));
}

/** fe80::/10 (RFC 4291, 2.5.6): such a gateway is in no prefix of an address. */
export function isLinkLocal(address: string): boolean {
  return isWithin({ address: 'fe80::', prefix: 10, version: 6 }, address);
}

/** One spelling of an address: `2001:db8::1` for `2001:DB8:0::1`. */
export function canonical(address: string): string {
  return new SocketAddress({ address, family: isIPv6(address) ? 'ipv6' : 'ipv4' }).address;
}

export function isMac(selector: string): boolean {
  return /^([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}$/.test(selector);
}

/** The name servers of `network.dns`. */
export function nameServers({ dns = '' }: Network): string[] {
  return dns.split(/[ ,]+/).filter((server) => server !== '');
}

/** What is asked of interfaces, the simplest form included; empty where the network stays as it is. */
export function wantedInterfaces({ interfaces = [], address, gateway }: Network): Interface[] {
  if (interfaces.length > 0) return interfaces;
  if (address === undefined) return [];
  return [{ method: 'static', addresses: [address], gateways: gateway === undefined ? [] : [gateway] }];
}
