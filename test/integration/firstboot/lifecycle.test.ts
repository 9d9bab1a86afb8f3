/** The setup page's ports, from the first boot until setup is closed: what systemd and the firewall are told, and when. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { firewallRules } from '../../../firstboot/apply/begin/firewall-rules.ts';
import type { ChangeContext } from '../../../firstboot/apply/change.ts';
import type { Journal } from '../../../firstboot/apply/journal.ts';
import { run } from '../../../firstboot/apply/run.ts';
import type { ApplyEvent } from '../../../firstboot/contract/events.ts';
import { SETUP_PATHS, SETUP_UNITS } from '../../../firstboot/contract/setup.ts';
import { UNIT_PATHS, type Unit } from '../../../firstboot/contract/unit.ts';
import { readState } from '../../../firstboot/ctl/state.ts';
import { LOCK, lock } from '../../../firstboot/kit/lock.ts';
import { System } from '../../../firstboot/kit/system.ts';
import type { Settings } from '../../../firstboot/settings/index.ts';
import { bootSeconds } from '../../../firstboot/setup/state.ts';
import { bundleUnitctl, FakeUnit } from './fake-unit.ts';

const UNIT: Unit = {
  schemaVersion: 1,
  name: 'shop',
  version: '1.0.0',
  title: { en: 'Shop' },
  services: { database: { ready: { unit: 'database.service' } }, web: { ready: { unit: 'web.service' }, after: ['database'] } },
  ports: [{ port: 443, purpose: 'shop' }],
  state: {},
  steps: [{ id: 'start', title: { en: 'Start' }, use: 'service', with: { name: 'web' } }],
  probes: {},
};
const ENABLED = [SETUP_UNITS.http, SETUP_UNITS.https, SETUP_UNITS.later, SETUP_UNITS.helperSocket, SETUP_UNITS.page];

let folder: string;
let bundle: string;
const units: FakeUnit[] = [];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'unit-lifecycle-'));
  bundle = await bundleUnitctl(folder);
});
afterAll(() => {
  for (const path of [folder, ...units.map(({ root }) => root)]) rmSync(path, { recursive: true, force: true });
});

/** As a first boot leaves it: sockets and page are there, the firewall lets strangers to them. */
function booted(definition: Partial<Unit> = {}): FakeUnit {
  const unit = new FakeUnit(bundle, { ...UNIT, ...definition }, { '/answers.json': '{ "schemaVersion": 1 }' });
  units.push(unit);
  for (const each of ENABLED) {
    unit.write(`/run/fake/${each}`, '1');
    unit.write(`/etc/enabled-${each}`, '');
  }
  unit.write('/run/unit/firewall', '/etc/unit/firewall/waiting.nft\n');
  return unit;
}

const systemOf = (unit: FakeUnit): System =>
  new System({ root: unit.root, path: `${unit.at('/bin')}:${process.env['PATH'] ?? ''}`, signal: new AbortController().signal });
const runs = (unit: FakeUnit, name: string): boolean => existsSync(unit.at(`/run/fake/${name}`));
const running = (unit: FakeUnit): string[] => [...ENABLED, SETUP_UNITS.helper].filter((name) => runs(unit, name));
const enabled = (unit: FakeUnit): string[] => ENABLED.filter((name) => existsSync(unit.at(`/etc/enabled-${name}`)));
const firewall = (unit: FakeUnit): string => unit.read('/run/unit/firewall').trim();
const apply = (unit: FakeUnit) => unit.unitctl(['apply', '--answers', unit.at('/answers.json'), '--json']);
const calls = (unit: FakeUnit): string[] => readFileSync(unit.at('/calls'), 'utf8').split('\n');

describe('a run', () => {
  test('frees the ports before it starts a service, and shuts setup where nobody waits for the result', async () => {
    const unit = booted();
    expect((await apply(unit)).exitCode).toBe(0);
    const said = calls(unit);
    const freed = said.findIndex((call) => call.startsWith('systemctl stop -- unit-setup-http.socket unit-setup-https.socket'));
    const restarted = said.indexOf('systemctl try-restart -- unit-setup.service');
    const started = said.findIndex((call) => /^systemctl start -- unit-ready-web/.test(call));
    expect(freed).toBeGreaterThanOrEqual(0);
    expect(restarted).toBeGreaterThan(freed);
    expect(started).toBeGreaterThan(restarted);
    expect(running(unit)).toEqual([]);
    expect(enabled(unit)).toEqual([]);
    expect(firewall(unit)).toBe('/etc/unit/firewall/ready.nft');
    for (const path of [SETUP_PATHS.open, SETUP_PATHS.portsPassed, SETUP_PATHS.claimed]) expect(existsSync(unit.at(path))).toBe(false);
  });

  test('leaves the result at 8443 for its owner, with a time limit, and a second one changes nothing', async () => {
    const unit = booted();
    unit.write(SETUP_PATHS.claimed, '');
    expect((await apply(unit)).exitCode).toBe(0);
    expect(running(unit)).toEqual([SETUP_UNITS.later, SETUP_UNITS.helperSocket, SETUP_UNITS.page]);
    expect(enabled(unit)).toEqual([]);
    expect(firewall(unit)).toBe('/etc/unit/firewall/open.nft');
    expect(calls(unit).filter((call) => call.startsWith('systemd-run'))).toEqual([expect.stringContaining('--on-active=30min')]);
    const { events } = await apply(unit);
    expect(events.filter(({ type, changed }) => type === 'step-finished' && changed === true)).toEqual([]);
  });

  test('tells a service to start and goes on with the next step, and waits for it in the end', async () => {
    const begin: Unit['steps'][number] = { id: 'begin', title: { en: 'Begin' }, use: 'service', with: { name: 'web', action: 'begin' } };
    const unit = booted({ steps: [begin] });
    const { exitCode } = await apply(unit);
    expect(exitCode).toBe(0);
    const said = calls(unit);
    const begun = said.indexOf('systemctl start --no-block -- unit-ready-web.service');
    expect(begun).toBeGreaterThan(0);
    expect(said.indexOf('systemctl start -- unit.target')).toBeGreaterThan(begun);
    const again = await apply(unit);
    expect(again.events.filter(({ type, changed }) => type === 'step-finished' && changed === true)).toEqual([]);
  });

  test('that fails gives the ports back', async () => {
    const unit = booted();
    unit.write('/broken-unit-ready-web.service', '');
    expect((await apply(unit)).exitCode).toBe(4);
    expect(running(unit)).toEqual(ENABLED);
    expect(firewall(unit)).toBe('/etc/unit/firewall/waiting.nft');
    expect(existsSync(unit.at(SETUP_PATHS.portsPassed))).toBe(false);
  });

  test('that fails when the product has them leaves the page at 8443', async () => {
    const unit = booted();
    unit.write('/broken-unit-ready-web.service', '');
    unit.write(`/broken-${SETUP_UNITS.http}`, '');
    expect((await apply(unit)).exitCode).toBe(4);
    expect(running(unit)).toEqual([SETUP_UNITS.later, SETUP_UNITS.helperSocket, SETUP_UNITS.page]);
    expect(firewall(unit)).toBe('/etc/unit/firewall/applying.nft');
  });

  test('of a product that wants neither 80 nor 443 lets the page have them to the end', async () => {
    const unit = booted({ ports: [{ port: 5432, purpose: 'database' }] });
    unit.write('/broken-unit-ready-web.service', '');
    expect((await apply(unit)).exitCode).toBe(4);
    expect(calls(unit).filter((call) => call.includes(SETUP_UNITS.http))).toEqual([]);
    rmSync(unit.at('/broken-unit-ready-web.service'));
    unit.write(SETUP_PATHS.claimed, '');
    expect((await apply(unit)).exitCode).toBe(0);
    expect(running(unit)).toEqual([SETUP_UNITS.later, SETUP_UNITS.helperSocket, SETUP_UNITS.page]);
  });

  test('gives who has setup open the whole time to see how it ended', async () => {
    const unit = booted();
    unit.write(SETUP_PATHS.claimed, '');
    await apply(unit);
    const timers = (): string[] => calls(unit).filter((call) => call.startsWith('systemd-run'));
    const almostOver = async (): Promise<number> => (await bootSeconds()) + 60;
    for (const broken of [false, true]) {
      unit.write(SETUP_PATHS.open, `${await almostOver()}\n`);
      const before = timers().length;
      if (broken) unit.write('/broken-unit.target', '');
      rmSync(unit.at('/run/fake/unit.target'), { force: true });
      expect((await apply(unit)).exitCode).toBe(broken ? 4 : 0);
      expect(timers().slice(before)).toEqual([expect.stringContaining('--on-active=30min')]);
      expect(Number(unit.read(SETUP_PATHS.open))).toBeGreaterThan((await almostOver()) + 1600);
    }
    // What the owner has asked for is longer.
    unit.write(SETUP_PATHS.open, `${(await bootSeconds()) + 7200}\n`);
    const before = timers().length;
    await apply(unit);
    expect(timers()).toHaveLength(before);
  });

  test('says that it has failed where the journal cannot be written', async () => {
    const unit = booted();
    const events: ApplyEvent[] = [];
    const system = systemOf(unit);
    const journal = { append: () => Promise.reject(new Error('ENOSPC')) } as unknown as Journal;
    const ports = { system, unit: UNIT, settings: {} as Settings, secretSettings: [] };
    await expect(
      run({ image: UNIT.name, version: UNIT.version, entries: [] }, ports, journal, (event) => events.push(event)),
    ).rejects.toThrow('ENOSPC');
    expect(events).toEqual([{ type: 'state', state: 'failed' }]);
    expect(await readState(system, UNIT)).toMatchObject({ state: 'failed', failure: { reason: expect.stringContaining('cut off') } });
  });

  test('ends the same wherever it is cut off', async () => {
    const whole = booted();
    whole.write(SETUP_PATHS.claimed, '');
    await apply(whole);
    const count = calls(whole).length - 1;
    const first = calls(whole).findIndex((call) => call.startsWith('systemctl stop -- unit-setup-http'));
    const ends = await Promise.all(
      [first + 1, first + 2, first + 3, count - 6, count - 4, count - 2].map(async (at) => {
        const unit = booted();
        unit.write(SETUP_PATHS.claimed, '');
        unit.killAtCall(at);
        const { signal } = await apply(unit);
        const { exitCode } = await unit.unitctl(['apply', '--resume']);
        return { signal, exitCode, running: running(unit), enabled: enabled(unit), firewall: firewall(unit) };
      }),
    );
    const end = { signal: 'SIGKILL', exitCode: 0, running: running(whole), enabled: [], firewall: '/etc/unit/firewall/open.nft' };
    expect(ends).toEqual(ends.map(() => end));
  }, 90_000);
});

describe('unitctl open-setup', () => {
  test('opens 8443 alone, with a new code, and close-setup leaves nothing of it', async () => {
    const unit = booted();
    await apply(unit);
    const { exitCode, events } = await unit.unitctl(['open-setup', '--minutes', '5', '--json']);
    expect(exitCode).toBe(0);
    expect(events.find(({ type }) => type === 'result')).toMatchObject({
      data: { code: unit.read(SETUP_PATHS.code).trim().match(/.{4}/g)?.join('-'), minutes: 5 },
    });
    expect(running(unit)).toEqual([SETUP_UNITS.later, SETUP_UNITS.helperSocket, SETUP_UNITS.page]);
    expect(enabled(unit)).toEqual([]);
    expect(firewall(unit)).toBe('/etc/unit/firewall/open.nft');
    expect(calls(unit).findLast((call) => call.startsWith('systemd-run'))).toContain('--on-active=5min');
    expect((await unit.unitctl(['close-setup'])).exitCode).toBe(0);
    expect(running(unit)).toEqual([]);
    expect(firewall(unit)).toBe('/etc/unit/firewall/ready.nft');
    expect((await unit.unitctl(['code'])).exitCode).toBe(6);
  });

  test('is not closed in the middle of a run, but some minutes later', async () => {
    const unit = booted();
    await apply(unit);
    await unit.unitctl(['open-setup']);
    const held = await lock(systemOf(unit), LOCK);
    expect((await unit.unitctl(['close-setup'])).exitCode).toBe(5);
    await held.release();
    expect(running(unit)).toContain(SETUP_UNITS.page);
    expect(calls(unit).findLast((call) => call.startsWith('systemd-run'))).toContain('--on-active=5min');
    expect((await unit.unitctl(['close-setup'])).exitCode).toBe(0);
    expect(running(unit)).toEqual([]);
  });

  test('its time is over when it is over, whatever became of the timer', async () => {
    const unit = booted();
    await apply(unit);
    await unit.unitctl(['open-setup']);
    unit.write(SETUP_PATHS.open, '1\n');
    expect((await unit.unitctl(['code'])).stderr).toContain('closed');
  });

  test('is for units that are finalised, and for a time that is one', async () => {
    const unit = booted();
    expect((await unit.unitctl(['open-setup'])).exitCode).toBe(6);
    expect((await unit.unitctl(['close-setup'])).exitCode).toBe(6);
    for (const minutes of ['0', 'soon', '1.5', '1441']) expect((await unit.unitctl(['open-setup', '--minutes', minutes])).exitCode).toBe(2);
    expect(existsSync(unit.at(UNIT_PATHS.finalised))).toBe(false);
    expect(running(unit)).toEqual(ENABLED);
  });
});

describe('rules of the firewall', () => {
  const definition: Unit = { ...UNIT, ports: [{ port: 6379, purpose: 'copy', from: 'product.copies' }] };
  const parameters = (...copies: string[]) => firewallRules.parameters({ product: { copies } } as unknown as Settings, definition);

  test('are for addresses that nft can read', () => {
    expect(() => parameters('fe80::1%eth0')).toThrow('product.copies: fe80::1%eth0 is no IP address');
    expect(JSON.stringify(parameters('fe80::1', '192.0.2.9'))).toContain('ip6 saddr { fe80::1 }');
  });

  test('that nft refuses take the place of none', async () => {
    const unit = booted();
    const context = { system: systemOf(unit) } as ChangeContext;
    const wanted = parameters('192.0.2.9') as NonNullable<ReturnType<typeof parameters>>;
    unit.write('/nft-refuses', '');
    await expect(firewallRules.apply(wanted, context)).rejects.toThrow('nft');
    expect(existsSync(unit.at('/etc/unit/firewall'))).toBe(false);
    rmSync(unit.at('/nft-refuses'));
    await firewallRules.apply(wanted, context);
    expect(unit.read('/etc/unit/firewall/ready.nft')).toContain('192.0.2.9');
    expect(calls(unit)).toContain('nft --check --file -');
  });
});
