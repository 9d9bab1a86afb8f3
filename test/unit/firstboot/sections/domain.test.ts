import { afterEach, describe, expect, it } from 'vitest';

import type { DnsRecord } from '../../../../firstboot/contract/unit.ts';
import { wantedCertificate } from '../../../../firstboot/sections/certificate/names.ts';
import { applicable } from '../../../../firstboot/sections/domain/applicable.ts';
import { examineDns, type Verdict, verdictOf } from '../../../../firstboot/sections/domain/examine.ts';
import type { Answer } from '../../../../firstboot/sections/domain/lookup.ts';
import { wantedRecords, zoneLines } from '../../../../firstboot/sections/domain/records.ts';
import { dnsReport } from '../../../../firstboot/sections/domain/records-check.ts';
import { requiredRecords } from '../../../../firstboot/sections/domain/required-records.ts';
import { applyDefaults } from '../../../../firstboot/settings/index.ts';
import { type NameServer, nameServer, type Zone } from '../../../helpers/name-server.ts';

const DOMAIN = 'shop.example.org';
const ADDRESSES = ['192.0.2.10', '2001:db8::10', 'fd00::10'];

describe('applicable', () => {
  const dns: DnsRecord[] = [
    { name: '@', type: 'A' },
    { name: '*', type: 'A', when: { 'product.cells': ['host', 'both'], 'domain.name': [DOMAIN] } },
  ];
  const settings = (cells: string) => ({ domain: { name: DOMAIN }, product: { cells } });

  it('leaves out records that the settings do not ask for', () => {
    const names = (cells: string) => applicable({ dns }, settings(cells)).dns?.map(({ name }) => name);
    expect(names('host')).toEqual(['@', '*']);
    expect(names('path')).toEqual(['@']);
    expect(applicable({ dns }, {}).dns?.map(({ name }) => name)).toEqual(['@']);
    expect(applicable({}, settings('host'))).toEqual({});
  });

  it('takes a value from a setting, and leaves out records whose setting is empty or no value for them', () => {
    const second: DnsRecord[] = [
      { name: '@', type: 'NS', value: 'ns2', when: { 'product.second': 'set' } },
      { name: 'ns2', type: 'A', from: 'product.second' },
    ];
    const wanted = (value?: string) => applicable({ dns: second }, { product: { second: value } }).dns;
    expect(wanted('192.0.2.9')).toEqual([second[0], { name: 'ns2', type: 'A', value: '192.0.2.9' }]);
    expect(wanted('')).toEqual([]);
    expect(wanted()).toEqual([]);
    expect(wanted('ns.example.net')).toEqual([second[0]]);
  });

  it('decides what a certificate is for', () => {
    const names = (cells: string) => wantedCertificate({ ...applyDefaults({}, undefined), ...settings(cells) }, { dns }).names;
    expect(names('host')).toEqual([DOMAIN, `*.${DOMAIN}`]);
    expect(names('path')).toEqual([DOMAIN]);
  });
});

describe('wantedRecords', () => {
  it('is an address for the domain where the image says nothing, IPv6 where there is a public one', () => {
    expect(wantedRecords({}, DOMAIN, ADDRESSES).map(({ name, type, values }) => [name, type, values])).toEqual([
      [DOMAIN, 'A', ['192.0.2.10']],
      [DOMAIN, 'AAAA', ['2001:db8::10']],
    ]);
    expect(wantedRecords({}, DOMAIN, ['192.0.2.10', 'fd00::10']).map(({ type }) => type)).toEqual(['A']);
  });

  it.each<[DnsRecord, string, string]>([
    [{ name: '@', type: 'A' }, 'shop.example.org 192.0.2.10', 'shop.example.org. 3600 IN A 192.0.2.10'],
    [{ name: '*', type: 'A' }, '*.shop.example.org 192.0.2.10', '*.shop.example.org. 3600 IN A 192.0.2.10'],
    [{ name: 'www', type: 'CNAME' }, 'www.shop.example.org shop.example.org', 'www.shop.example.org. 3600 IN CNAME shop.example.org.'],
    [{ name: '@', type: 'MX' }, 'shop.example.org 10 shop.example.org', 'shop.example.org. 3600 IN MX 10 shop.example.org.'],
    [
      { name: '@', type: 'MX', value: '5 mx.example.net.' },
      'shop.example.org 5 mx.example.net',
      'shop.example.org. 3600 IN MX 5 mx.example.net.',
    ],
    [
      { name: 'sub', type: 'NS', value: 'ns1' },
      'sub.shop.example.org ns1.shop.example.org',
      'sub.shop.example.org. 3600 IN NS ns1.shop.example.org.',
    ],
    [{ name: '@', type: 'TXT', value: 'a "b" \\' }, 'shop.example.org a "b" \\', 'shop.example.org. 3600 IN TXT "a \\"b\\" \\\\"'],
    [{ name: '@', type: 'AAAA', value: '2001:DB8::1' }, 'shop.example.org 2001:db8::1', 'shop.example.org. 3600 IN AAAA 2001:db8::1'],
  ])('%j', (record, wanted, line) => {
    const [first, ...rest] = wantedRecords({ dns: [record] }, DOMAIN, ADDRESSES);
    expect(rest).toEqual([]);
    expect(`${first?.name} ${first?.values.join()}`).toBe(wanted);
    expect(first && zoneLines(first)).toEqual([line]);
  });

  it('cuts long texts into strings that DNS can hold', () => {
    const [record] = wantedRecords({ dns: [{ name: '@', type: 'TXT', value: 'x'.repeat(300) }] }, DOMAIN, []);
    expect(record && zoneLines(record)).toEqual([`shop.example.org. 3600 IN TXT "${'x'.repeat(255)}" "${'x'.repeat(45)}"`]);
  });
});

describe('verdictOf', () => {
  const [own] = wantedRecords({}, DOMAIN, ['192.0.2.10']);
  const [mx] = wantedRecords({ dns: [{ name: '@', type: 'MX' }] }, DOMAIN, []);
  const says = (server: string, ...found: string[]): Answer => ({ server, found, why: undefined, sure: true });
  const none = (server: string, why: string): Answer => ({ server, found: [], why, sure: why === 'NXDOMAIN' || why === 'NODATA' });

  it.each<[string, Answer[], Verdict]>([
    ['all agree', [says('system', '192.0.2.10'), says('ns1', '192.0.2.10')], 'right'],
    ['an old answer in a cache', [none('system', 'NXDOMAIN'), says('ns1', '192.0.2.10')], 'cached'],
    ['a right answer in a cache, gone at the source', [says('system', '192.0.2.10'), none('ns1', 'NXDOMAIN')], 'missing'],
    ['its own servers out of reach', [says('system', '192.0.2.10'), none('ns1', 'TIMEOUT')], 'right'],
    ['one of its own servers behind', [says('system', '192.0.2.10'), says('ns1', '192.0.2.10'), none('ns2', 'NODATA')], 'missing'],
    ['another address', [says('system', '203.0.113.1')], 'elsewhere'],
    ['one of two addresses is another', [says('system', '192.0.2.10', '203.0.113.1')], 'elsewhere'],
    ['nobody in reach', [none('system', 'TIMEOUT'), none('ns1', 'REFUSED')], 'unknown'],
  ])('%s', (_name, answers, verdict) => {
    expect(own && verdictOf(own, answers)).toBe(verdict);
  });

  it('wants a value that the image names, among others', () => {
    expect(mx && verdictOf(mx, [says('system', '10 shop.example.org', '20 other.example.org')])).toBe('right');
    expect(mx && verdictOf(mx, [says('system', '20 other.example.org')])).toBe('wrong');
  });
});

describe('with name servers', () => {
  const servers: NameServer[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  /** The system's resolver, and the domain's own server at another address with the same port. */
  async function serve(cached: Zone, own: Zone | undefined): Promise<{ system: string; port: number; timeout: number }> {
    const system = await nameServer(cached);
    servers.push(system);
    if (own !== undefined) servers.push(await nameServer(own, { address: '127.0.0.2', port: system.port }));
    return { system: `127.0.0.1:${system.port}`, port: system.port, timeout: 300 };
  }

  const ROOT: Zone = { 'example.org': { NS: ['ns1.example.org'] }, 'ns1.example.org': { A: ['127.0.0.2'] } };
  const DNS: DnsRecord[] = [
    { name: '@', type: 'A', required: true },
    { name: '@', type: 'AAAA' },
    { name: '*', type: 'CNAME' },
    { name: '@', type: 'MX', required: true },
    { name: '@', type: 'TXT', value: 'v=spf1 a -all' },
  ];
  const RIGHT: Zone = {
    [DOMAIN]: { A: ['192.0.2.10'], AAAA: ['2001:db8::10'], MX: ['10 shop.example.org'], TXT: ['v=spf1 a -all'] },
    [`*.${DOMAIN}`]: { CNAME: [DOMAIN] },
  };

  it('finds the zone above the domain and asks its own server too', async () => {
    const options = await serve({ ...ROOT, ...RIGHT }, RIGHT);
    const examined = await examineDns({ dns: DNS }, DOMAIN, ADDRESSES, options);
    expect(examined.map(({ verdict, blocks }) => [verdict, blocks])).toEqual(DNS.map(() => ['right', false]));
    expect(servers[1]?.asked).toEqual(expect.arrayContaining([`A ${DOMAIN}`, expect.stringMatching(/^CNAME unit-[0-9a-f]{12}\.shop/)]));
    const { findings, table, log, data } = dnsReport(examined);
    expect(findings.map(({ severity }) => severity)).toEqual(['ok']);
    expect(table?.rows).toContainEqual([DOMAIN, 'A', '192.0.2.10', '192.0.2.10', 'ns1.example.org (127.0.0.2)', '✓']);
    expect(table?.rows).toContainEqual([`*.${DOMAIN}`, 'CNAME', DOMAIN, DOMAIN, 'system', '✓']);
    expect(log).toContain('shop.example.org. 3600 IN TXT "v=spf1 a -all"');
    expect(data).toEqual({ blocks: false });
  });

  it('wrong DNS warns, and blocks only what the image insists on', async () => {
    const options = await serve(ROOT, { [DOMAIN]: { A: ['203.0.113.1'], TXT: ['other'] } });
    const examined = await examineDns({ dns: DNS }, DOMAIN, ADDRESSES, options);
    expect(examined.map(({ verdict }) => verdict)).toEqual(['elsewhere', 'missing', 'missing', 'missing', 'wrong']);
    const { findings, table, data } = dnsReport(examined);
    expect(findings.map(({ severity }) => severity)).toEqual(['info', 'warning', 'warning', 'error', 'warning']);
    for (const { message, remedy } of findings) {
      for (const texts of [message, remedy ?? message]) expect(Object.keys(texts).sort()).toEqual(['en', 'ja', 'ru']);
    }
    expect(table?.rows).toContainEqual([DOMAIN, 'A', '192.0.2.10', '203.0.113.1', 'ns1.example.org (127.0.0.2)', '!']);
    expect(table?.rows).toContainEqual([DOMAIN, 'MX', '10 shop.example.org', 'NXDOMAIN', 'system', '✗']);
    expect(data).toEqual({ blocks: true });
  });

  it('a server that is silent or broken is not taken for an answer', async () => {
    const silent = await examineDns({}, DOMAIN, ['192.0.2.10'], await serve({ ...ROOT, ...RIGHT }, undefined));
    expect(silent.map(({ verdict }) => verdict)).toEqual(['right']);
    expect(silent[0]?.answers[1]).toMatchObject({ why: 'TIMEOUT', sure: false });
    const broken = await nameServer({}, { rcode: 2 });
    servers.push(broken);
    const examined = await examineDns({ dns: DNS.slice(0, 1) }, DOMAIN, ['192.0.2.10'], {
      system: `127.0.0.1:${broken.port}`,
      timeout: 300,
    });
    expect(examined).toMatchObject([{ verdict: 'unknown', blocks: true, answers: [{ why: 'SERVFAIL' }] }]);
  });
});

describe('required-records', () => {
  const unit = (dns?: DnsRecord[]) => ({
    schemaVersion: 1 as const,
    name: 'shop',
    version: '1.0.0',
    title: { en: 'Shop' },
    services: {},
    ports: [],
    state: {},
    steps: [],
    probes: {},
    ...(dns === undefined ? {} : { dns }),
  });
  const settings = (domain?: string) =>
    applyDefaults({ schemaVersion: 1, domain: domain === undefined ? {} : { name: domain } }, undefined);

  it('is in a plan only where the image insists on records and there is a domain', () => {
    const required: DnsRecord = { name: '@', type: 'A', required: true };
    expect(requiredRecords.parameters(settings(DOMAIN), unit())).toBeUndefined();
    expect(requiredRecords.parameters(settings(DOMAIN), unit([{ name: '@', type: 'A' }]))).toBeUndefined();
    expect(requiredRecords.parameters(settings(), unit([required]))).toBeUndefined();
    expect(requiredRecords.parameters(settings(DOMAIN), unit([required, { name: 'www', type: 'CNAME' }]))).toEqual({
      domain: DOMAIN,
      records: [required],
    });
  });
});
