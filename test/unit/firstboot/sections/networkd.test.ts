import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';

import { canonical, parseCidr } from '../../../../firstboot/sections/network/addresses.ts';
import { fileName, type Named, networkFile, OWN_FILE, resolverFile, TRY_FILE } from '../../../../firstboot/sections/network/networkd.ts';
import { withMirror } from '../../../../firstboot/sections/network/package-source.ts';
import { askNameServer } from '../../../../firstboot/sections/network/probe.ts';
import { networkViolations } from '../../../../firstboot/sections/network/rules.ts';
import { validateAnswers } from '../../../../firstboot/settings/index.ts';
import { type NameServer, nameServer } from '../../../helpers/name-server.ts';
import { runs } from '../../../helpers/runs.ts';

describe('a .network file', () => {
  it('of a static interface', () => {
    const text = networkFile({
      interface: '00:50:56:AB:CD:EF',
      method: 'static',
      addresses: ['192.0.2.10/32', '2001:db8::10/64'],
      gateways: ['10.0.0.1', 'fe80::1'],
    });
    expect(text).toContain('[Match]\nMACAddress=00:50:56:ab:cd:ef\nType=ether\nKind=!*\n');
    expect(text).toContain('DHCP=no\n');
    expect(text).toContain('IPv6AcceptRA=no\nAddress=192.0.2.10/32\nAddress=2001:db8::10/64\n');
    expect(text).toContain('[Route]\nGateway=10.0.0.1\nGatewayOnLink=yes\n');
  });

  /** What people may type, some of it wrong. */
  const address = fc.oneof(
    fc.tuple(fc.ipV4(), fc.integer({ min: 20, max: 33 })).map(([four, prefix]) => `${four}/${prefix}`),
    fc.tuple(fc.ipV6(), fc.integer({ min: 48, max: 129 })).map(([six, prefix]) => `${six}/${prefix}`),
    fc.constantFrom('192.0.2.10/24', '2001:db8::10/64', '192.0.2.10/24\nGateway=192.0.2.1', '%i/24'),
  );
  const selector = fc.oneof(
    fc.string(),
    fc.constantFrom('ens192', 'enp0s31f6', '00:50:56:AB:00:01', 'eth0.100', 'a b', '../x', '*', '!ens192', '%i'),
  );
  const gateway = fc.constantFrom('192.0.2.1', 'fe80::1', '2001:db8::1', 'x');
  const entry = fc.oneof(
    fc.record({ interface: selector, method: fc.constant('dhcp' as const) }),
    fc.record(
      {
        interface: selector,
        method: fc.constant('static' as const),
        addresses: fc.array(address, { minLength: 1, maxLength: 2 }),
        gateways: fc.array(gateway, { maxLength: 1 }),
      },
      { requiredKeys: ['interface', 'method', 'addresses'] },
    ),
  );

  it('has the addresses that were given, and nothing that could mean something else, whatever passes the validation', () => {
    let valid = 0;
    fc.assert(
      fc.property(entry, (each) => {
        // Cheap first: the whole validation takes a while.
        fc.pre(networkViolations({ interfaces: [each] }).length === 0);
        fc.pre(validateAnswers({ schemaVersion: 1, network: { interfaces: [each] } }, undefined).length === 0);
        valid++;
        const file = networkFile(each as Named);
        for (const line of file.split('\n'))
          expect(line).toMatch(/^(|#.*|\[(Match|Network|Route|DHCPv4|IPv6AcceptRA)\]|[A-Za-z0-9]+=[!-~]+)$/);
        const values = (key: string): string[] => [...file.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value]) => value ?? '');
        const { addresses = [], gateways = [] }: Named = each;
        expect(values('Address')).toEqual(addresses);
        expect(values('Gateway')).toEqual(gateways);
        expect(values('(?:Name|MACAddress)')).toHaveLength(1);
        expect(fileName(each.interface)).toMatch(OWN_FILE);
        expect(fileName(each.interface, true)).toMatch(TRY_FILE);
        expect(fileName(each.interface)).not.toContain('/');
        // It must be found before cloud-init's, and a try before it.
        expect([`10-cloud-init-${each.interface}.network`, fileName(each.interface), fileName(each.interface, true)].sort()[0]).toBe(
          fileName(each.interface, true),
        );
      }),
      { ...runs(200), maxSkipsPerRun: 20 },
    );
    expect(valid).toBeGreaterThan(0);
  });

  it('takes an address for the same however it is spelled', () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        const cidr = parseCidr(`${address}/64`);
        expect(cidr === undefined ? '' : canonical(canonical(cidr.address))).toBe(canonical(address));
        expect(canonical(address.toUpperCase())).toBe(canonical(address));
      }),
      runs(200),
    );
  });
});

describe('a file of resolved.conf.d', () => {
  it.each<[string[], string[], string | undefined]>([
    [[], [], undefined],
    [['192.0.2.53'], [], 'DNS=\nDNS=192.0.2.53\nDomains=\nDomains=~.\n'],
    [['192.0.2.53', '2001:db8::53'], ['example.org'], 'DNS=\nDNS=192.0.2.53 2001:db8::53\nDomains=\nDomains=~. example.org\n'],
    [[], ['example.org', 'lab'], 'Domains=\nDomains=example.org lab\n'],
  ])('%j, %j', (servers, search, expected) => {
    expect(resolverFile(servers, search)?.replace(/^#.*\n\[Resolve\]\n/, '')).toBe(expected);
  });
});

describe('the mirror', () => {
  it('taken back leaves sources.list as it was, byte for byte', () => {
    const line = fc.constantFrom(
      'deb http://deb.debian.org/debian trixie main',
      'deb-src [arch=amd64 signed-by=/x] https://deb.debian.org/debian/ trixie-updates main contrib',
      'deb http://security.debian.org/debian-security trixie-security main',
      '# deb http://deb.debian.org/debian trixie main',
      '',
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const before = lines.join('\n');
        const { sources, mirror } = withMirror(before, 'http://mirror.example.org/debian');
        expect(withMirror(sources, undefined)).toEqual({ sources: before, mirror: undefined });
        expect(withMirror(sources, 'http://mirror.example.org/debian')).toEqual({ sources, mirror });
        expect(sources).not.toMatch(/^deb.*deb\.debian\.org/m);
        expect((mirror?.match(/^Types:/gm) ?? []).length).toBe(lines.filter((each) => /^deb.*deb\.debian\.org/.test(each)).length);
      }),
      runs(100),
    );
  });
});

describe('a name server', () => {
  let server: NameServer | undefined;
  afterEach(() => server?.close());

  it.each([0, 2, 3, 5])('that answers anything at all (code %i) is there', async (rcode) => {
    server = await nameServer({}, { rcode });
    expect(await askNameServer(`127.0.0.1:${server.port}`, 300)).toBeUndefined();
    expect(server.asked.length).toBeGreaterThan(0);
  });

  it('that is not there is told', async () => {
    const { port, close } = await nameServer({});
    close();
    server = undefined;
    expect(await askNameServer(`127.0.0.1:${port}`, 300)).toMatch(/nobody answers there|nothing comes back/);
  });
});
