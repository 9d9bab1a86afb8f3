import { describe, expect, test } from 'vitest';

import { gateOf, orderingFiles, startOrder } from '../../../../firstboot/contract/ordering.ts';
import type { Service } from '../../../../firstboot/contract/service.ts';
import { systemdCommand, systemdQuote } from '../../../../firstboot/contract/systemd-quote.ts';
import { waitArguments } from '../../../../firstboot/contract/wait-ready.ts';

const SERVICES: Record<string, Service> = {
  nginx: { after: ['app'], ready: { http: 'http://127.0.0.1/' } },
  app: { layer: 2, title: { en: 'The app' }, ready: { tcp: '127.0.0.1:8000' }, timeout: 30 },
  database: { layer: 1, unit: 'postgresql@17-main.service', ready: { command: ['pg_isready', '-q'], user: 'postgres' } },
  cache: { layer: 1, ready: { unit: 'cache.service' } },
};

const files = (services: Record<string, Service>): Record<string, string> =>
  Object.fromEntries(orderingFiles(services).map(({ path, content }) => [path.replace('/etc/systemd/system/', ''), content]));

describe('start order', () => {
  test.each<[string, Record<string, Service>, string[]]>([
    ['layers and after', SERVICES, ['cache', 'database', 'app', 'nginx']],
    ['nothing', {}, []],
  ])('%s', (_, services, order) => expect(startOrder(services)).toEqual(order));

  test('a cycle is named', () => {
    const ready = { tcp: 'localhost:1' };
    expect(() => startOrder({ a: { after: ['b'], ready }, b: { after: ['a'], ready }, c: { ready } })).toThrow(/cycle: a, b/);
  });
});

describe('systemd files', () => {
  test('a service waits for the gates before it, and runs only when the unit may', () => {
    expect(files(SERVICES)['app.service.d/50-unit-order.conf']).toBe(`[Unit]
ConditionPathExists=|/var/lib/unit/finalised
ConditionPathExists=|/run/unit/applying
PartOf=unit.target
Requires=unit-ready-cache.service unit-ready-database.service
After=unit-ready-cache.service unit-ready-database.service
`);
  });

  test('the first layer waits for nothing; an instance gets a drop-in of its own', () => {
    expect(files(SERVICES)['postgresql@17-main.service.d/50-unit-order.conf']).toBe(`[Unit]
ConditionPathExists=|/var/lib/unit/finalised
ConditionPathExists=|/run/unit/applying
PartOf=unit.target
`);
  });

  test('a gate is a oneshot that asks the probe', () => {
    expect(files(SERVICES)['unit-ready-database.service']).toBe(`[Unit]
Description=database is ready
ConditionPathExists=|/var/lib/unit/finalised
ConditionPathExists=|/run/unit/applying
Requires=postgresql@17-main.service
After=postgresql@17-main.service
PartOf=unit.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/lib/unit/wait-ready --fails-with postgresql@17-main.service command 120 --user postgres -- pg_isready -q
TimeoutStartSec=infinity
TimeoutStopSec=5s
`);
  });

  test('the target needs the one unit that fails where a gate did', () => {
    const all = files(SERVICES);
    const gates = ['cache', 'database', 'app', 'nginx'].map(gateOf).join(' ');
    expect(all['unit.target']).toContain(`Requires=unit-ready.service\nWants=${gates}\nAfter=unit-ready.service ${gates}\n`);
    expect(all['unit-ready.service']).toContain(`ExecStart=/usr/lib/unit/wait-ready --once units ${gates}\n`);
    expect(all['unit-ready.service']).not.toContain('\nRequires=');
    expect(Object.keys(all)).toHaveLength(2 + 2 * 4);
  });

  test('a title cannot add a line', () => {
    const ready = { tcp: 'localhost:1' };
    expect(files({ a: { title: { en: 'x\nExecStart=/bin/evil %n' }, ready } })['unit-ready-a.service']).toContain(
      'Description=x ExecStart=/bin/evil %%n is ready\n',
    );
  });
});

describe('quoting for systemd', () => {
  test.each([
    [['plain', '/a-b_c:1,2=@+.'], 'plain /a-b_c:1,2=@+.'],
    [['a b', ''], '"a b" ""'],
    [['50%', '$HOME', '"q"', "it's", '\\'], '"50%%" "$$HOME" "\\"q\\"" "it\'s" "\\\\"'],
    [['a\nb\tc\u0001'], '"a\\nb\\tc\\x01"'],
    [['é;#'], '"é;#"'],
  ])('%j', (argv, line) => expect(systemdCommand(argv)).toBe(line));

  test('only command lines double the dollar', () => expect(systemdQuote('$a', false)).toBe('"$a"'));
  test('NUL', () => expect(() => systemdQuote('\0', true)).toThrow(RangeError));
});

test.each([
  [{ tcp: '[::1]:80' }, ['tcp', '[::1]:80', '7']],
  [{ unit: 'a.service' }, ['unit', 'a.service', '7']],
  [{ command: ['a', '-b'] }, ['command', '7', '--', 'a', '-b']],
  [
    { http: 'https://x/', status: 302, host: 'h', contains: 'c d', insecure: true },
    ['http', 'https://x/', '302', '7', '--host', 'h', '--contains', 'c d', '--insecure'],
  ],
])('arguments of wait-ready for %j', (probe, args) => {
  expect(waitArguments(probe, 7)).toEqual(args);
  expect(waitArguments(probe, 7, { once: true, failsWith: 'u.service' })).toEqual(['--once', '--fails-with', 'u.service', ...args]);
});
