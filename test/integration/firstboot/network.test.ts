import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { System } from '../../../firstboot/kit/system.ts';
import { networkWanted } from '../../../firstboot/sections/network/interfaces.ts';
import { beginTry, confirmTry, revertTry, tryNetwork } from '../../../firstboot/sections/network/try.ts';
import { networkConfirm, networkTry } from '../../../firstboot/sections/network/try-check.ts';
import { applyDefaults } from '../../../firstboot/settings/index.ts';
import { link, NETWORKCTL } from './fake-networkd.ts';
import { bundleUnitctl, EMPTY_UNIT, FakeUnit } from './fake-unit.ts';

const SYSTEMD_RUN = 'printf "%s\\n" "$*" >>"$root/timers"';

let folder: string;
let bundle: string;
let unit: FakeUnit;
let system: System;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'unit-network-'));
  bundle = await bundleUnitctl(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => {
  unit = new FakeUnit(bundle, EMPTY_UNIT, {});
  const bridge = { ...link(1, 'br0'), Kind: 'bridge', NetworkFile: undefined };
  unit.write('/links.json', JSON.stringify([link(3, 'ens224'), link(2, 'ens192'), bridge]));
  unit.write('/bin/networkctl', NETWORKCTL, 0o755);
  unit.write('/bin/systemd-run', `#!/bin/bash\nroot='${unit.root}'\n${SYSTEMD_RUN}\n`, 0o755);
  system = new System({ root: unit.root, path: `${unit.at('/bin')}:${process.env['PATH'] ?? ''}`, signal: new AbortController().signal });
});

const FIRST = '/etc/systemd/network/05-unit-ens192.network';
const answers = (network: object): string => JSON.stringify({ schemaVersion: 1, administrator: { password: 'long enough' }, network });

async function apply(network: object): Promise<Record<string, unknown>[]> {
  unit.write('/answers.json', answers(network));
  const { events, exitCode, stderr } = await unit.unitctl(['apply', '--json', '--answers', unit.at('/answers.json')]);
  expect([exitCode, stderr]).toEqual([0, '']);
  return events;
}

const changed = (events: Record<string, unknown>[]): unknown[] =>
  events.filter((event) => event['changed'] === true && /network|package/.test(String(event['step']))).map((event) => event['step']);

const ownFiles = (): string[] => readdirSync(unit.at('/etc/systemd/network')).filter((name) => name.startsWith('05-unit'));

describe('apply', () => {
  test('a static address on the first interface of hardware, name servers, and nothing the second time', async () => {
    const network = { address: '192.0.2.10/24', gateway: '192.0.2.1', dns: '192.0.2.53', search: ['example.org'] };
    expect(changed(await apply(network))).toEqual(['begin:network']);
    const text = unit.read(FIRST);
    expect(text).toMatch(/\[Match\]\nName=ens192\n/);
    expect(text).toMatch(/\nAddress=192\.0\.2\.10\/24\n/);
    expect(text).toMatch(/\[Route\]\nGateway=192\.0\.2\.1\n$/);
    expect(unit.read('/etc/systemd/resolved.conf.d/60-unit.conf')).toMatch(
      /\nDNS=\nDNS=192\.0\.2\.53\nDomains=\nDomains=~\. example\.org\n$/,
    );
    unit.write('/networkctl-calls', '');
    expect(changed(await apply(network))).toEqual([]);
    expect(unit.read('/networkctl-calls')).not.toMatch(/reload|reconfigure/);
  });

  test('what is no longer asked for leaves no trace', async () => {
    unit.write('/etc/apt/sources.list', SOURCES);
    const before = unit.tree();
    await apply({
      interfaces: [{ interface: '00:50:56:00:00:03', method: 'static', addresses: ['192.0.2.10/24'] }],
      dns: '192.0.2.53',
      proxy: 'http://proxy.example.org:3128',
      mirror: 'http://mirror.example.org/debian/',
    });
    expect(ownFiles()).toEqual(['05-unit-00-50-56-00-00-03.network']);
    expect(changed(await apply({}))).toEqual(['begin:network', 'begin:package-source']);
    const after = unit.tree();
    for (const path of Object.keys(after).filter((each) => /^\/etc\/(systemd|apt)/.test(each) && !each.endsWith('/60unit-updates')))
      expect(after[path]).toBe(before[path]);
  });

  test('the mirror stands in for the archive, never for security updates', async () => {
    unit.write('/etc/apt/sources.list', SOURCES);
    await apply({ mirror: 'http://mirror.example.org/debian/', proxy: 'http://proxy.example.org:3128' });
    const sources = unit.read('/etc/apt/sources.list');
    expect(sources.split('\n').filter((line) => line.startsWith('deb'))).toEqual([
      'deb http://security.debian.org/debian-security trixie-security main',
      'deb http://other.example.org/x trixie main',
    ]);
    expect(unit.read('/etc/apt/sources.list.d/unit-mirror.sources')).toContain(
      'Types: deb\nURIs: http://mirror.example.org/debian\nSuites: trixie-updates\nComponents: main contrib\nSigned-By: /usr/share/keyrings/',
    );
    expect(unit.read('/etc/apt/apt.conf.d/60unit-proxy')).toContain('Acquire::https::Proxy "http://proxy.example.org:3128";\n');
    expect(changed(await apply({ mirror: 'http://mirror.example.org/debian', proxy: 'http://proxy.example.org:3128' }))).toEqual([]);
  });

  test('an interface that is not there fails before anything is written', async () => {
    unit.write('/answers.json', answers({ interfaces: [{ interface: 'eth7', method: 'dhcp' }] }));
    const { exitCode, stderr } = await unit.unitctl(['apply', '--answers', unit.at('/answers.json')]);
    expect(exitCode).toBe(4);
    expect(stderr).toContain('this unit has no network interface eth7');
    expect(stderr).toContain('It has: ens192 (00:50:56:00:00:02), ens224 (00:50:56:00:00:03).');
    expect(existsSync(unit.at('/etc/systemd/network'))).toBe(false);
  });

  test('without a link the address comes later, and that is no failure', async () => {
    unit.write('/links.json', JSON.stringify([link(2, 'ens192', 'no-carrier')]));
    await apply({ address: '192.0.2.10/24' });
    expect(ownFiles()).toEqual(['05-unit-ens192.network']);
  });

  test('an interface that somebody has changed by hand is set up again', async () => {
    await apply({ address: '192.0.2.10/24' });
    const links = JSON.parse(unit.read('/links.json')) as { Addresses: object[] }[];
    for (const each of links) each.Addresses = [];
    unit.write('/links.json', JSON.stringify(links));
    expect(changed(await apply({ address: '192.0.2.10/24' }))).toEqual(['begin:network']);
    expect(unit.read('/networkctl-calls')).toContain('reconfigure ens192');
  });
});

const SOURCES = `deb http://deb.debian.org/debian trixie main
deb [signed-by=/x.gpg] https://deb.debian.org/debian/ trixie-updates main contrib
# deb http://deb.debian.org/debian trixie-backports main
deb http://security.debian.org/debian-security trixie-security main
deb http://other.example.org/x trixie main
`;

describe('unitctl network', () => {
  const draft = (): Record<string, unknown>[] =>
    (JSON.parse(unit.read('/var/lib/unit/draft.json')) as { layers: Record<string, unknown>[] }).layers;
  const set = ['network', 'set', '--address', '192.0.2.10/24', '--gateway', '192.0.2.1', '--dns', '192.0.2.53', '--dns', '2001:db8::53'];

  test('before the unit is finalised: applied at once, and kept above what outside sources say', async () => {
    unit.write(
      '/var/lib/unit/draft.json',
      JSON.stringify({
        schemaVersion: 1,
        layers: [{ source: 'ovf-environment', answers: { schemaVersion: 1, network: { address: '203.0.113.1/24', hostName: 'shop' } } }],
      }),
    );
    const { exitCode, stdout } = await unit.unitctl(set);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('ens192 (00:50:56:00:00:02): settings of this unit\n  address  192.0.2.10/24 (static)\n  gateway  192.0.2.1');
    expect(unit.read(FIRST)).toContain('Address=192.0.2.10/24');
    expect(draft()).toContainEqual({
      source: 'unitctl',
      answers: {
        schemaVersion: 1,
        network: {
          interfaces: [{ interface: 'ens192', method: 'static', addresses: ['192.0.2.10/24'], gateways: ['192.0.2.1'] }],
          dns: '192.0.2.53, 2001:db8::53',
        },
      },
    });
    const { stdout: origins } = await unit.unitctl(['settings', 'get', 'network', '--origin']);
    expect(origins).toContain('network.hostName: "shop"  (ovf-environment)');
    expect(origins).toMatch(/network\.interfaces: .*\(unitctl\)/);

    expect((await unit.unitctl(['network', 'dhcp', '--interface', 'ens224'])).exitCode).toBe(0);
    expect(ownFiles()).toEqual(['05-unit-ens192.network', '05-unit-ens224.network']);
    expect((await unit.unitctl(['network', 'dhcp'])).exitCode).toBe(0);
    expect(unit.read(FIRST)).toContain('DHCP=yes');
  });

  test("an importer's address is taken up though other answers are missing yet; one that cannot be is told", async () => {
    const adopt = async (network: object): Promise<{ exitCode: number | null; stdout: string }> => {
      unit.write('/etc/unit/answers.yaml', JSON.stringify({ schemaVersion: 1, network }));
      return unit.unitctl(['adopt']);
    };
    expect(await adopt({ address: '192.0.2.10/24', gateway: '192.0.2.1' })).toMatchObject({ exitCode: 7 });
    expect(unit.read(FIRST)).toContain('Address=192.0.2.10/24');
    expect((await unit.unitctl(['network', 'show'])).stdout).toContain('address  192.0.2.10/24 (static)');
    const { exitCode, stdout } = await adopt({ interfaces: [{ interface: 'eth9', method: 'dhcp' }] });
    expect(exitCode).toBe(7);
    expect(stdout).toContain('The network is not as the answers want it: this unit has no network interface eth9');
    expect(unit.read(FIRST)).toContain('Address=192.0.2.10/24');
  });

  test('of a finalised unit: saved, with its origin, and the rest stays', async () => {
    await apply({ hostName: 'shop', address: '203.0.113.1/24' });
    expect((await unit.unitctl(set)).exitCode).toBe(0);
    const saved = JSON.parse(unit.read('/var/lib/unit/settings.json')) as { network: Record<string, unknown> };
    expect(saved.network).toMatchObject({ hostName: 'shop', interfaces: [{ interface: 'ens192', addresses: ['192.0.2.10/24'] }] });
    expect(JSON.parse(unit.read('/var/lib/unit/origins.json'))).toMatchObject({
      origins: { 'network.interfaces': 'unitctl', 'network.dns': 'unitctl' },
    });
    expect(existsSync(unit.at('/var/lib/unit/draft.json'))).toBe(false);
    unit.write('/networkctl-calls', '');
    await unit.unitctl(['apply', '--json']);
    const { events } = await unit.unitctl(['apply', '--json']);
    expect(changed(events)).toEqual([]);
    expect(unit.read('/networkctl-calls')).not.toContain('reconfigure');
  });

  test('test says in plain words what works and what does not', async () => {
    unit.write('/bin/ping', '#!/bin/sh\ncase "$*" in *192.0.2.1) exit 0 ;; *) exit 1 ;; esac\n', 0o755);
    unit.write(
      '/bin/timedatectl',
      '#!/bin/sh\necho LinkNTPServers=\necho SystemNTPServers=127.1.2.3\necho FallbackNTPServers=192.0.2.9\n',
      0o755,
    );
    unit.write('/etc/resolv.conf', 'search example.org\n');
    expect((await unit.unitctl(set)).exitCode).toBe(0);
    const { exitCode, stdout } = await unit.unitctl(['network', 'test']);
    expect(exitCode).toBe(1);
    expect(stdout.split('\n')).toEqual([
      'ok   ens192 has 192.0.2.10/24.',
      'NOT  ens224 has no address: no DHCP server answers. Give it one with `unitctl network set`.',
      'ok   The gateway 192.0.2.1 answers.',
      'NOT  No name server is known: names cannot be looked up.',
      expect.stringMatching(/^NOT {2}The time server 127\.1\.2\.3 gives no time: /),
    ]);
  });

  test('an entry for an interface that is gone keeps nobody from setting another', async () => {
    await apply({ interfaces: [{ interface: 'ens224', method: 'static', addresses: ['203.0.113.1/24'] }] });
    unit.write('/links.json', JSON.stringify([link(2, 'ens192')]));
    expect((await unit.unitctl(set)).exitCode).toBe(0);
    expect(ownFiles()).toEqual(['05-unit-ens192.network']);
  });

  test.each([
    ['an address that cannot be', ['--address', '192.0.2.0/24'], 3, "the network's own or its broadcast address"],
    ['a gateway elsewhere', ['--address', '192.0.2.10/24', '--gateway', '10.0.0.1'], 3, 'in the network of none of the addresses'],
    ['an interface that is not there', ['--address', '192.0.2.10/24', '--interface', 'eth9'], 4, 'no network interface eth9'],
    ['no address', [], 2, 'required option'],
  ])('%s changes nothing', async (_name, args, code, message) => {
    const before = unit.tree();
    const { exitCode, stderr } = await unit.unitctl(['network', 'set', ...args]);
    expect(exitCode).toBe(code);
    expect(stderr).toContain(message);
    const after = unit.tree();
    for (const path of Object.keys(after).filter((each) => !/networkctl-calls$/.test(each))) expect(after[path]).toBe(before[path]);
  });
});

describe('try', () => {
  const wanted = networkWanted({ address: '192.0.2.10/24', gateway: '192.0.2.1', dns: '192.0.2.53' });
  const quiet = (): void => undefined;
  const trial = '/run/systemd/network/04-unit-try-ens192.network';
  const addresses = (): string =>
    JSON.stringify(
      (JSON.parse(unit.read('/links.json')) as { Name: string; Addresses: object[] }[]).find(({ Name }) => Name === 'ens192')?.Addresses,
    );

  test('begins later, in /run alone, and the way back is arranged first', async () => {
    await tryNetwork(system, wanted);
    expect(existsSync(unit.at(trial))).toBe(false);
    const timers = unit.read('/timers').trim().split('\n');
    expect(timers.map((line) => line.replace(/.*-- /, ''))).toEqual([
      '/usr/bin/unitctl network try --end',
      '/usr/bin/unitctl network try --begin',
    ]);
    expect(timers[0]).toMatch(/--unit=unit-network-revert --on-active=128s /);
    expect((await unit.unitctl(['network', 'try', '--begin'])).exitCode).toBe(0);
    expect(addresses()).toContain('[192,0,2,10]');
    expect(existsSync(unit.at('/etc/systemd/network'))).toBe(false);
    expect((await unit.unitctl(['network', 'try', '--end'])).exitCode).toBe(0);
    expect(addresses()).toBe('[]');
    expect(readdirSync(unit.at('/run/systemd/network'))).toEqual([]);
    expect(readdirSync(unit.at('/run/systemd/resolved.conf.d'))).toEqual([]);
    expect(existsSync(unit.at('/run/unit/network-try.json'))).toBe(false);
  });

  test('what is confirmed stays, and its token counts once', async () => {
    const { token } = await tryNetwork(system, wanted);
    await beginTry(system, quiet);
    expect(await confirmTry(system, `${token}x`, quiet)).toBe(false);
    const confirm = () =>
      networkConfirm.run({ system, unit: EMPTY_UNIT, settings: applyDefaults({ schemaVersion: 1 }, undefined), parameters: { token } });
    expect(await confirm()).toMatchObject({ data: { confirmed: true } });
    expect(await confirmTry(system, token, quiet)).toBe(false);
    expect(ownFiles()).toEqual(['05-unit-ens192.network']);
    expect(existsSync(unit.at(trial))).toBe(false);
    await revertTry(system, quiet);
    expect(addresses()).toContain('[192,0,2,10]');
    expect(unit.read('/etc/systemd/resolved.conf.d/60-unit.conf')).toContain('DNS=192.0.2.53');
  });

  test('too late is too late', async () => {
    const { token } = await tryNetwork(system, wanted);
    const state = JSON.parse(unit.read('/run/unit/network-try.json')) as { deadline: number };
    expect(state.deadline - Number(process.hrtime.bigint()) / 1e9).toBeGreaterThan(100);
    expect(unit.read('/run/unit/network-try.json')).not.toContain(token);
    unit.write('/run/unit/network-try.json', JSON.stringify({ ...state, deadline: 0 }));
    expect(await confirmTry(system, token, quiet)).toBe(false);
  });

  test('a new try takes the place of the one before', async () => {
    const { token } = await tryNetwork(system, wanted);
    await beginTry(system, quiet);
    await tryNetwork(system, networkWanted({ interfaces: [{ interface: 'ens224', method: 'dhcp' }] }));
    expect(existsSync(unit.at(trial))).toBe(false);
    expect(await confirmTry(system, token, quiet)).toBe(false);
  });

  test('without a timer nothing is tried', async () => {
    unit.write('/bin/systemd-run', '#!/bin/sh\nexit 1\n', 0o755);
    await expect(tryNetwork(system, wanted)).rejects.toThrow(/nothing would end the try/);
    expect(existsSync(unit.at('/run/unit/network-try.json'))).toBe(false);
  });

  test('the page gets a link to the new address, and the network changes after that', async () => {
    const check = (network: object, parameters: object = {}) =>
      networkTry.run({
        system,
        unit: EMPTY_UNIT,
        settings: applyDefaults({ schemaVersion: 1, network }, undefined),
        parameters: { ...parameters },
      });
    const { data } = await check({ address: '2001:DB8::10/64' }, { port: 8443 });
    expect(data?.['handoverUrl']).toMatch(/^https:\/\/\[2001:db8::10\]:8443\/handover\?token=[\w-]{43}$/);
    expect(data?.['seconds']).toBe(120);
    const dhcp = await check({ interfaces: [{ method: 'dhcp' }] });
    expect(dhcp.data).not.toHaveProperty('handoverUrl');
    expect(dhcp.data?.['handoverPath']).toMatch(/^\/handover\?token=/);
    unit.write('/timers', '');
    for (const network of [{}, { address: '192.0.2.0/24' }, { interfaces: [{ interface: 'eth9', method: 'dhcp' }] }]) {
      const { findings, data: none } = await check(network);
      expect(none).toBeUndefined();
      for (const { message } of findings) expect(Object.keys(message).sort()).toEqual(['en', 'ja', 'ru']);
    }
    expect(unit.read('/timers')).toBe('');
  });
});
