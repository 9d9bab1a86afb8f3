import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { isWithin, parseCidr, wantedInterfaces } from '../../../../firstboot/sections/network/addresses.ts';
import { isIncomplete, ovfProperties, validateAnswers } from '../../../../firstboot/settings/index.ts';
import { runs } from '../../../helpers/runs.ts';

const about = (network: object): string[] =>
  validateAnswers({ schemaVersion: 1, network }, undefined).map(({ path, message }) => `${path}: ${message}`);
const one = (entry: object): object => ({ interfaces: [entry] });

describe('network settings', () => {
  it.each([
    ['nothing', {}],
    ['the simplest form', { address: '192.0.2.10/24', gateway: '192.0.2.1', dns: '192.0.2.53, 2001:db8::53' }],
    ['an address that clouds give', { address: '192.0.2.10/32', gateway: '10.0.0.1' }],
    ['a network of two', { address: '192.0.2.0/31', gateway: '192.0.2.1' }],
    ['IPv6 with a link-local gateway', { address: '2001:db8::10/64', gateway: 'fe80::1' }],
    ['both families', one({ method: 'static', addresses: ['192.0.2.10/24', '2001:db8::a/64'], gateways: ['192.0.2.1', '2001:db8::1'] })],
    ['DHCP by MAC address', one({ interface: '00:50:56:ab:cd:ef', method: 'dhcp' })],
    ['DHCP above an address of an earlier source', { address: '192.0.2.10/24', interfaces: [{ method: 'dhcp' }] }],
    ['what takes back proxy, mirror and name servers', { proxy: '', mirror: '', dns: '', search: [], interfaces: [] }],
    ['proxy and mirror', { proxy: 'http://[2001:db8::1]:3128', mirror: 'https://mirror.example.org/pub/debian/' }],
  ])('accepts %s', (_name, network) => {
    expect(about(network)).toEqual([]);
  });

  it.each([
    ['a prefix that is too long', { address: '192.0.2.10/33' }, '/network/address: network.address is no IP address with a prefix length'],
    ['half an address', { address: '192.0.2/24' }, '/network/address: network.address is no IP address with a prefix length'],
    [
      'the broadcast address',
      { address: '192.0.2.255/24' },
      "/network/address: network.address is the network's own or its broadcast address",
    ],
    ['a loopback address', { address: '127.0.0.2/8' }, '/network/address: network.address is an address that no interface can have'],
    ['a multicast address', { address: 'ff02::1/64' }, '/network/address: network.address is an address that no interface can have'],
    [
      'a gateway elsewhere',
      { address: '192.0.2.10/24', gateway: '192.0.3.1' },
      '/network/gateway: network.gateway is in the network of none of the addresses',
    ],
    [
      'the unit as its own gateway',
      one({ method: 'static', addresses: ['2001:DB8::1/64'], gateways: ['2001:db8:0::1'] }),
      "/network/interfaces/0/gateways/0: network.interfaces[0].gateways[0] is the unit's own address",
    ],
    [
      'two gateways of one kind',
      one({ method: 'static', addresses: ['192.0.2.10/24'], gateways: ['192.0.2.1', '192.0.2.2'] }),
      '/network/interfaces/0/gateways: network.interfaces[0] has two gateways of one kind',
    ],
    [
      'DHCP with an address',
      one({ method: 'dhcp', addresses: ['192.0.2.10/24'] }),
      '/network/interfaces/0: network.interfaces[0] asks for DHCP and gives addresses or gateways',
    ],
    [
      'an interface twice',
      {
        interfaces: [
          { interface: '00:50:56:AB:cd:ef', method: 'dhcp' },
          { interface: '00:50:56:ab:cd:ef', method: 'dhcp' },
        ],
      },
      '/network/interfaces/1/interface: network.interfaces[1] is about an interface that is there already',
    ],
    [
      'two interfaces, one without a name',
      { interfaces: [{ interface: 'ens192', method: 'dhcp' }, { method: 'dhcp' }] },
      '/network/interfaces/1: network.interfaces[1] does not say which interface it is about',
    ],
    [
      'an address twice',
      {
        interfaces: [
          { interface: 'a', method: 'static', addresses: ['2001:db8::1/64'] },
          { interface: 'b', method: 'static', addresses: ['2001:DB8::1/64'] },
        ],
      },
      '/network/interfaces/1/addresses/0: network.interfaces[1].addresses[0] is given twice',
    ],
    ['a name server by name', { dns: 'feed.beef' }, '/network/dns: network.dns has an entry that is no IP address'],
    [
      'a proxy with a password',
      { proxy: 'http://me:pw@proxy.example.org' },
      '/network/proxy: network.proxy does not have the form that is wanted',
    ],
    [
      'a mirror that is apt configuration',
      { mirror: 'http://a/"; x "' },
      '/network/mirror: network.mirror does not have the form that is wanted',
    ],
  ])('refuses %s', (_name, network, expected) => {
    expect(about(network)).toEqual([expected]);
  });

  it('takes what another source may yet give for missing, not for wrong', () => {
    for (const network of [{ gateway: '192.0.2.1' }, one({ method: 'static' })]) {
      const violations = validateAnswers({ schemaVersion: 1, network }, undefined);
      expect(violations).toHaveLength(1);
      expect(violations.every(isIncomplete)).toBe(true);
    }
  });

  it('can be given by an importer', () => {
    const keys = ovfProperties(undefined).map(({ key }) => key);
    expect(keys.filter((key) => key.startsWith('unit.network.'))).toEqual([
      'unit.network.hostName',
      'unit.network.address',
      'unit.network.gateway',
      'unit.network.dns',
    ]);
  });

  it('is the one list, whichever form it has', () => {
    expect(wantedInterfaces({ address: '192.0.2.10/24' })).toEqual([{ method: 'static', addresses: ['192.0.2.10/24'], gateways: [] }]);
    expect(wantedInterfaces({ address: '192.0.2.10/24', interfaces: [{ method: 'dhcp' }] })).toEqual([{ method: 'dhcp' }]);
    expect(wantedInterfaces({ dns: '192.0.2.53' })).toEqual([]);
  });

  it('finds an address in its own network, and one of another family never', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.integer({ min: 1, max: 32 }), fc.ipV6(), fc.integer({ min: 1, max: 128 }), (four, short, six, long) => {
        const a = parseCidr(`${four}/${short}`);
        const b = parseCidr(`${six}/${long}`);
        expect(a && isWithin(a, four)).toBe(true);
        expect(b && isWithin(b, six)).toBe(true);
        expect(a && isWithin(a, six)).toBe(false);
      }),
      runs(200),
    );
  });
});
