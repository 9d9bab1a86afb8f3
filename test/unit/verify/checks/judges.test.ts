import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

import { CLOUD_INIT_SCHEMAS } from '../../../../builder/definition/cloud-init.ts';
import { type IpLink, judge as judgeAddress } from '../../../../builder/verify/checks/address.ts';
import { judge as judgeConsoles } from '../../../../builder/verify/checks/consoles.ts';
import { judge as judgeGrowth } from '../../../../builder/verify/checks/growth.ts';
import { judge as judgeHostKeys } from '../../../../builder/verify/checks/host-keys.ts';
import { parseMarks } from '../../../../builder/verify/checks/identity.ts';
import { checks } from '../../../../builder/verify/checks/index.ts';
import { judge as judgeMachineId } from '../../../../builder/verify/checks/machine-id.ts';
import { judgeUserData, OUR_USER_DATA } from '../../../../builder/verify/checks/nocloud.ts';
import { allowedPorts, judge as judgePorts } from '../../../../builder/verify/checks/ports.ts';
import { failedUnits } from '../../../../builder/verify/checks/units.ts';
import { compareClones } from '../../../../builder/verify/clones.ts';
import { parseProbeResults } from '../../../../builder/verify/unitctl.ts';

/** Of an installed or unpacked cloud-init, where the machine has one. */
const REAL = [process.env['UNITSMITH_CLOUD_INIT_SCHEMAS'], `/${CLOUD_INIT_SCHEMAS}`].find(
  (folder) => folder !== undefined && existsSync(folder),
);

const messages = (result: { findings: readonly { message: string }[] }): string[] => result.findings.map(({ message }) => message);

test('every check has an id of its own and a title', () => {
  expect(new Set(checks.map(({ id }) => id)).size).toBe(checks.length);
  for (const { title } of checks) expect(title).toMatch(/^(cloud-init|[A-Z]).*[^.]$/);
});

describe('user-data that we make', () => {
  const schema = readFileSync(new URL('../../../fixtures/cloud-init-schemas/schema-cloud-config-v1.json', import.meta.url), 'utf8');
  const one = (text: string): string[] =>
    judgeUserData(schema, { 'this seed': () => `#cloud-config\n${text}` }).map(({ message }) => message);

  test('what is wrong is told with its place, and whose it is', () => {
    expect(one('runcmd: [ls]')).toEqual([]);
    expect(one('runcmd: 5')).toEqual([
      'the user-data of this seed does not fit this cloud-init: /runcmd cloud-init: runcmd must be a list, but is a whole number',
    ]);
    expect(one('{')).toHaveLength(1);
  });

  test.skipIf(REAL === undefined)('fits a real cloud-init (installed, or in $UNITSMITH_CLOUD_INIT_SCHEMAS)', () => {
    const real = readFileSync(join(REAL ?? '', 'schema-cloud-config-v1.json'), 'utf8');
    expect(judgeUserData(real, OUR_USER_DATA)).toEqual([]);
  });
});

describe('address', () => {
  const link = (local: string, dynamic: boolean): IpLink[] => [
    { ifname: 'lo', operstate: 'UNKNOWN', addr_info: [{ family: 'inet', local: '127.0.0.1', prefixlen: 8, scope: 'host' }] },
    {
      ifname: 'ens3',
      operstate: 'UP',
      addr_info: [{ family: 'inet', local, prefixlen: 24, scope: 'global', ...(dynamic ? { dynamic } : {}) }],
    },
  ];

  test('the offered address, by DHCP', () => {
    expect(judgeAddress(link('10.0.2.15', true))).toEqual({ findings: [], facts: { addresses: ['ens3 10.0.2.15/24'] } });
  });

  test('none, or a fixed one', () => {
    expect(messages(judgeAddress(link('169.254.3.4', false)))).toEqual(['no interface has the address that DHCP offers (10.0.2.15)']);
    expect(messages(judgeAddress(link('10.0.2.15', false)))).toEqual(['ens3 has a fixed address, not one by DHCP']);
  });
});

describe('host keys', () => {
  const boot = 1_700_000_000;
  const key = (changed: number, mode = '600', type = 'ed25519'): string => `${changed} ${mode} root /etc/ssh/ssh_host_${type}_key`;

  test('made since the boot', () => {
    expect(judgeHostKeys(`${boot}\n${key(boot + 20)}\n${key(boot + 21, '600', 'rsa')}\n`).findings).toEqual([]);
  });

  test('from the image, missing, or readable by others', () => {
    expect(messages(judgeHostKeys(`${boot}\n${key(boot - 86_400)}`))[0]).toMatch(/older than this boot/);
    expect(messages(judgeHostKeys(`${boot}\n`))).toEqual(['there is no Ed25519 host key']);
    expect(messages(judgeHostKeys(`${boot}\n${key(boot + 1, '644')}`))[0]).toMatch(/mode 644/);
  });
});

describe('machine ID', () => {
  const id = '92f566e241104a9d9ac3f13c6c06ca8f';
  test.each([
    [id, '', '', 0],
    [id, id, '', 0],
    ['uninitialized', '', '', 1],
    ['', '', '', 1],
    ['0'.repeat(32), '', '', 1],
    [id, 'f'.repeat(32), '', 1],
    [id, '', 'tmpfs', 1],
  ])('%s, D-Bus %j, mounted %j: %i findings', (own, dbus, mount, count) => {
    expect(judgeMachineId(own, dbus, mount).findings).toHaveLength(count);
  });
});

describe('growth', () => {
  const GIB = 2 ** 30;
  test.each([
    [{ disk: 9 * GIB, partition: 9 * GIB - 70 * 2 ** 20, fileSystem: 8.7 * GIB }, 0],
    [{ disk: 9 * GIB, partition: 6 * GIB, fileSystem: 5.8 * GIB }, 1],
    [{ disk: 9 * GIB, partition: 9 * GIB - 70 * 2 ** 20, fileSystem: 5.8 * GIB }, 1],
  ])('%j', (sizes, count) => {
    expect(judgeGrowth(sizes).findings).toHaveLength(count);
  });
});

describe('consoles', () => {
  const good = { active: ['tty0', 'ttyS0'], bound: ['(S) VGA+'], prompt: true, uefi: false };
  test('both consoles', () => expect(judgeConsoles(good).findings).toEqual([]));
  test('VGA text is dark under UEFI', () => {
    expect(messages(judgeConsoles({ ...good, uefi: true }))[0]).toMatch(/stays dark/);
    expect(judgeConsoles({ ...good, uefi: true, bound: ['(S) dummy device', '(M) frame buffer device'] }).findings).toEqual([]);
  });
  test('everything missing is said', () => {
    expect(messages(judgeConsoles({ active: [], bound: [], prompt: false, uefi: false }))).toHaveLength(3);
  });
});

describe('ports', () => {
  const scan = (open: number[], closed = 0) => ({ address: '10.0.2.15', open, closed, filtered: 65535 - open.length - closed });
  const report = (open: number[], extra: object = {}) => ({ ipv4: scan(open), ipv6: undefined, udp: [], seconds: 1, ...extra });
  const unit = {
    ports: [
      { port: 443, purpose: 'web' },
      { port: 5353, protocol: 'udp' as const, purpose: 'names' },
    ],
  };

  test('before a unit is set up SSH and the setup page, afterwards SSH and what it declares', () => {
    expect(allowedPorts(unit, false)?.map(({ port }) => port)).toEqual([22, 80, 443, 8443]);
    expect(allowedPorts(unit, true)?.map(({ port }) => port)).toEqual([22, 443, 5353]);
    expect(judgePorts(report([22, 80, 443, 8443]), allowedPorts(unit, false)).findings).toEqual([]);
    expect(messages(judgePorts(report([22, 443, 8443]), allowedPorts(unit, true)))).toEqual([
      'TCP port 8443 is open at 10.0.2.15, and not declared',
    ]);
    expect(judgePorts(report([22, 443]), allowedPorts(unit, true)).findings).toEqual([]);
  });

  test('a port that is open on IPv6 only, and a UDP service', () => {
    const ipv6 = { ...scan([22, 4369]), address: 'fe80::1' };
    const found = messages(judgePorts(report([22], { ipv6, udp: [{ port: 5355, service: 'LLMNR' }] }), allowedPorts(unit, true)));
    expect(found).toEqual([
      'TCP port 4369 is open at fe80::1, and not declared',
      'UDP port 5355 (LLMNR) is open at 10.0.2.15, and not declared',
    ]);
  });

  test('a declared UDP port does not open the TCP port of that number', () => {
    expect(judgePorts(report([22, 5353]), allowedPorts(unit, true)).findings).toHaveLength(1);
    expect(judgePorts(report([22], { udp: [{ port: 5353, service: 'mDNS' }] }), allowedPorts(unit, true)).findings).toEqual([]);
  });

  test('ports that refuse show that no firewall drops', () => {
    expect(judgePorts({ ...report([22]), ipv4: scan([22], 65534) }, allowedPorts(unit, false)).findings).toMatchObject([
      { severity: 'warning' },
    ]);
  });

  test('a disk that is no unit declares nothing: what is open is only told', () => {
    expect(judgePorts(report([22, 80]), allowedPorts(undefined, false)).findings.map(({ severity }) => severity)).toEqual(['info', 'info']);
  });
});

describe('clones', () => {
  const clone = (name: string, marks: Record<string, string>) => ({ name, marks });

  test('nothing in common', () => {
    expect(compareClones([clone('a', { 'machine-id': '1', key: 'x' }), clone('b', { 'machine-id': '2', key: 'y' })])).toEqual([]);
  });

  test('each shared mark is one finding that names who shares it', () => {
    const found = compareClones([
      clone('a', { id: '1', key: 'x' }),
      clone('b', { id: '1', key: 'y' }),
      clone('c', { id: '1', key: 'x' }),
      clone('d', {}),
    ]);
    expect(found.map(({ message }) => message)).toEqual(['clones share id: a, b, c', 'clones share key: a, c']);
    expect(found.every(({ severity }) => severity === 'error')).toBe(true);
  });

  test('marks are read from the guest’s listing', () => {
    expect(parseMarks('machine-id 92f5\nssh_host_rsa_key.pub SHA256:abc\n/var/lib/x 00ff\nempty \n')).toEqual({
      'machine-id': '92f5',
      'ssh_host_rsa_key.pub': 'SHA256:abc',
      '/var/lib/x': '00ff',
    });
  });
});

test('failed units are the first column', () => {
  expect(failedUnits('ssh.service loaded failed failed OpenBSD Secure Shell server\nx.mount  loaded failed failed X\n')).toEqual([
    'ssh.service',
    'x.mount',
  ]);
  expect(failedUnits('\n')).toEqual([]);
});

test('probe results are in the result event', () => {
  const results = [{ title: 'page', passed: true, message: '', seconds: 1 }];
  expect(parseProbeResults(`${JSON.stringify({ type: 'result', command: 'probe', data: { set: 'smoke', results } })}\n`)).toEqual(results);
  expect(parseProbeResults('error: no unit\n')).toBeUndefined();
});
