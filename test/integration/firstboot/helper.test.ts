/** The root helper over a real socket, on a unit in a folder, with real runs of unitctl. */
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';

import type { HelperMessage } from '../../../firstboot/contract/helper.ts';
import { SETUP_PATHS } from '../../../firstboot/contract/setup.ts';
import { UNIT_PATHS, type Unit } from '../../../firstboot/contract/unit.ts';
import { checkBy } from '../../../firstboot/helper/check.ts';
import { serve } from '../../../firstboot/helper/server.ts';
import { LOCK, lock } from '../../../firstboot/kit/lock.ts';
import { System } from '../../../firstboot/kit/system.ts';
import { readInUse } from '../../../firstboot/sections/certificate/place.ts';
import { Claims } from '../../../firstboot/setup/claim.ts';
import { currentCode, formatCode, newCode } from '../../../firstboot/setup/claim-code.ts';
import { ask, sendRaw } from './ask-helper.ts';
import { every } from './every-language.ts';
import { bundleUnitctl, FakeUnit } from './fake-unit.ts';

const UNIT: Unit = {
  schemaVersion: 1,
  name: 'shop',
  version: '1.0.0',
  title: { en: 'Shop' },
  setup: {
    sections: ['administrator', 'product'],
    nextSteps: [
      { text: { en: 'Log in.' }, link: '//admin/?a=1' },
      { text: { en: 'Read the manual.' }, link: 'https://example.org/' },
      { text: { en: 'Sell.' } },
    ],
  },
  services: { database: { ready: { unit: 'database.service' } }, web: { ready: { unit: 'web.service' }, after: ['database'] } },
  ports: [{ port: 443, purpose: 'shop' }],
  state: {},
  steps: [
    { id: 'page', title: { en: 'Page' }, use: 'template', with: { from: 'page', to: '/srv/page', format: 'json' } },
    { id: 'token', title: { en: 'Token' }, use: 'secret', with: { name: 'token', from: 'product.token' } },
  ],
  probes: {},
};

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['title'],
  properties: {
    title: { type: 'string', maxLength: 40 },
    workers: { type: 'integer', default: 2 },
    mail: { type: 'object', additionalProperties: false, properties: { key: { type: 'string', minLength: 3, writeOnly: true } } },
    token: { type: 'string', writeOnly: true, 'x-titles': { en: 'Token' }, 'x-generate': { length: 20, alphabet: 'hex' } },
  },
};
const PASSWORD = `a pass"word' & <more> $HOME パス`;

/** systemd's part: the run in a process of its own, which goes on whatever becomes of the helper. */
const STARTS_RUNS = (bundle: string): string => `
if [[ $* == 'restart -- unit-apply.service' ]]; then
  while [[ -e $root/run/fake/unit-apply.service ]]; do sleep 0.1; done
  mkdir -p "$root/run/fake"; echo 1 >"$root/run/fake/unit-apply.service"
  setsid bash -c "'${process.execPath}' '${bundle}' --root '$root' apply --kept; rm -f '$root/run/fake/unit-apply.service'" >"$root/run-log" 2>&1 9>&- &
  exit 0
fi`;

let folder: string;
let bundle: string;
const units: FakeUnit[] = [];
const helpers: { stop: AbortController; ended: Promise<void> }[] = [];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'unit-helper-'));
  bundle = await bundleUnitctl(folder);
});
afterEach(async () => {
  for (const { stop, ended } of helpers.splice(0)) {
    stop.abort();
    await ended;
  }
});
afterAll(() => {
  for (const path of [folder, ...units.map(({ root }) => root)]) rmSync(path, { recursive: true, force: true });
});

interface Helped {
  unit: FakeUnit;
  system: System;
  socket: string;
  ended: Promise<void>;
  notes: string[];
}

function startHelper(idle = 60, definition: Unit = UNIT): Helped {
  const unit = new FakeUnit(bundle, definition, {
    '/usr/lib/unit/settings.schema.json': JSON.stringify(SCHEMA),
    '/usr/lib/unit/templates/page': '{ "title": {{settings.product.title}}, "password": {{settings.administrator.password}} }\n',
  });
  units.push(unit);
  // As an image has it: a run leaves setup open for its owner only where it was there.
  unit.write('/etc/enabled-unit-setup.service', '');
  const [head = '', ...rest] = unit.read('/bin/systemctl').split('\nstate=');
  unit.write('/bin/systemctl', [head + STARTS_RUNS(bundle), ...rest].join('\nstate='), 0o755);
  return { unit, ...helperOf(unit, idle) };
}

function helperOf(unit: FakeUnit, idle = 60): Omit<Helped, 'unit'> {
  const stop = new AbortController();
  const path = `${unit.at('/bin')}:${process.env['PATH'] ?? ''}`;
  const system = new System({ root: unit.root, path, signal: stop.signal });
  const socket = unit.at('/helper.sock');
  rmSync(socket, { force: true });
  const notes: string[] = [];
  const ended = serve(system, { listen: { path: socket }, idle, note: (line) => notes.push(line) });
  helpers.push({ stop, ended });
  return { system, socket, ended, notes };
}

async function claimed(idle?: number): Promise<Helped> {
  const helped = startHelper(idle);
  const code = (await currentCode(helped.system)) as string;
  expect(await ask(helped.socket, 'claim', { code, from: '192.0.2.1' })).toEqual({ ok: true });
  return helped;
}

describe('requests', () => {
  test('what anybody may know', async () => {
    const { socket } = startHelper();
    expect(await ask(socket, 'status', {})).toMatchObject({
      sections: ['administrator', 'product'],
      state: 'waiting',
      image: 'shop',
      version: '1.0.0',
      title: { en: 'Shop' },
      claimed: false,
      fingerprint: '',
    });
  });

  test.each([
    ['no JSON', '{"action":'],
    ['no object', '["status"]'],
    ['no action', '{}'],
    ['an unknown action', '{"action":"reboot"}'],
    ['a member of every object', '{"action":"constructor"}'],
    ['a parameter too many', '{"action":"status","path":"/etc/shadow"}'],
    ['a parameter of another kind', '{"action":"claim","code":["A"],"from":"192.0.2.1"}'],
    ['a code that is too long', `{"action":"claim","code":"${'A'.repeat(65)}","from":"192.0.2.1"}`],
    ['a parameter too few', '{"action":"claim","code":"A"}'],
    ['a prototype', '{"action":"settings-read","__proto__":{"polluted":1}}'],
  ])('%s is refused', async (_what, line) => {
    const { socket, notes } = startHelper();
    const messages = await sendRaw(socket, `${line}\n`);
    expect(messages).toEqual([{ type: 'error', message: expect.any(String), remedies: [] }]);
    expect(notes).toEqual([]);
    // It goes on.
    expect((await ask(socket, 'status', {})).image).toBe('shop');
  });

  test.each(['settings-read', 'plan', 'apply', 'follow', 'result', 'confirm'] as const)(
    '%s is refused before somebody has entered the code',
    async (action) => {
      const { socket, unit } = startHelper();
      await expect(ask(socket, action, {})).rejects.toThrow('nobody has entered the code yet');
      expect(existsSync(unit.at(UNIT_PATHS.draft))).toBe(false);
    },
  );

  test('a request that has no end is cut off', async () => {
    const { socket } = startHelper();
    const messages = await sendRaw(socket, Buffer.alloc(9 * 1024 * 1024, 'a'));
    expect(messages).toEqual([{ type: 'error', message: 'the request is too large', remedies: [] }]);
  });

  test('callers that only connect, or hang up in the middle, take nothing from others', async () => {
    const { socket } = startHelper();
    const silent = Array.from({ length: 50 }, () => connect(socket));
    const rude = connect(socket, () => rude.write('{"action"', () => rude.destroy()));
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(socket, 'status', {})));
    expect(answers.map(({ image }) => image)).toEqual(Array(20).fill('shop'));
    for (const each of silent) each.destroy();
  });

  test('it ends when nobody asks any more, and not while somebody does', async () => {
    const { socket, ended, unit } = startHelper(0.3);
    const holds = connect(socket);
    await new Promise((resolve) => holds.once('connect', resolve));
    expect((await ask(socket, 'status', {})).image).toBe('shop');
    const first = await Promise.race([ended.then(() => 'ended'), new Promise((resolve) => setTimeout(resolve, 700, 'lives'))]);
    expect(first).toBe('lives');
    holds.destroy();
    await ended;
    expect(existsSync(unit.at(SETUP_PATHS.code))).toBe(false);
  });
});

describe('the code', () => {
  test("is root's alone, and the first right entry uses it up", async () => {
    const { socket, system, unit } = startHelper();
    const code = (await currentCode(system)) as string;
    expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{12}$/);
    expect(await currentCode(system)).toBe(code);
    expect(statSync(unit.at(SETUP_PATHS.code)).mode & 0o777).toBe(0o600);
    expect(await ask(socket, 'claim', { code: ` ${formatCode(code).toLowerCase()} `, from: '192.0.2.1' })).toEqual({ ok: true });
    expect(existsSync(unit.at(SETUP_PATHS.code))).toBe(false);
    expect((await ask(socket, 'status', {})).claimed).toBe(true);
    expect(await ask(socket, 'claim', { code, from: '192.0.2.2' })).toEqual({ ok: false, wait: 1 });
    expect(await currentCode(system)).toBeUndefined();
    expect(unit.read('/calls')).toContain('systemctl restart --no-block -- unit-console-text.service');
  });

  test('of many who enter it at once, one is the owner', async () => {
    const { socket, system } = startHelper();
    const code = (await currentCode(system)) as string;
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => ask(socket, 'claim', { code, from: `192.0.2.${index}` })));
    expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
  });

  test('two processes that make it at once make one', async () => {
    const { system } = startHelper();
    const codes = await Promise.all(Array.from({ length: 20 }, () => currentCode(system)));
    expect(new Set(codes).size).toBe(1);
  });

  test('guesses at once from one address count one by one, and what is not looked at is not compared', async () => {
    const { socket, system } = startHelper();
    const code = (await currentCode(system)) as string;
    const guesses = ['WRNG', 'WRNG', code].map((each) => ask(socket, 'claim', { code: each, from: '192.0.2.1' }));
    expect((await Promise.all(guesses)).map(({ ok }) => ok)).toEqual([false, false, false]);
    // Another is let in at once: strangers lock nobody out.
    expect(await ask(socket, 'claim', { code, from: '2001:db8::1' })).toEqual({ ok: true });
  });

  test('failures are kept while the helper is not there, until a new code clears them', async () => {
    const { socket, system, unit } = startHelper();
    await ask(socket, 'claim', { code: 'WRNG', from: '192.0.2.1' });
    helpers[0]?.stop.abort();
    await helpers.splice(0)[0]?.ended;
    const again = helperOf(unit);
    expect(await ask(again.socket, 'claim', { code: 'WRNG', from: '192.0.2.1' })).toMatchObject({ ok: false });
    const code = await newCode(system);
    expect(await ask(again.socket, 'claim', { code, from: '192.0.2.1' })).toEqual({ ok: true });
  });

  test('user-data can choose it, once, and not after somebody is the owner', async () => {
    const { socket, system, unit } = startHelper();
    const notes: string[] = [];
    unit.write(SETUP_PATHS.presetCode, 'short\n');
    const generated = await currentCode(system, (line) => notes.push(line));
    expect(notes).toHaveLength(1);
    expect(notes[0]).not.toContain('short');
    unit.write(SETUP_PATHS.presetCode, 'my-chosen-code-42\n'.replace('my-chosen', 'mychxsen'));
    expect(await currentCode(system)).toBe('MYCHXSENC0DE42');
    expect(generated).not.toBe('MYCHXSENC0DE42');
    expect(existsSync(unit.at(SETUP_PATHS.presetCode))).toBe(false);
    expect(await ask(socket, 'claim', { code: 'mychxsen-code-42', from: '192.0.2.1' })).toEqual({ ok: true });
    unit.write(SETUP_PATHS.presetCode, 'another-preset-4242');
    expect(await currentCode(system)).toBeUndefined();
    expect(existsSync(unit.at(SETUP_PATHS.presetCode))).toBe(false);
  });

  test('unitctl shows it, makes another, and says why there is none', async () => {
    const { unit, system } = startHelper();
    const shown = await unit.unitctl(['code']);
    expect(shown.stdout).toBe(formatCode((await currentCode(system)) as string));
    const other = await unit.unitctl(['code', '--new', '--json']);
    expect(other.events[0]).toMatchObject({ type: 'result', data: { code: formatCode((await currentCode(system)) as string) } });
    expect(other.stdout).not.toContain(shown.stdout);
    await ask(unit.at('/helper.sock'), 'claim', { code: (await currentCode(system)) as string, from: '192.0.2.1' });
    expect(await unit.unitctl(['code'])).toMatchObject({ exitCode: 6, stderr: expect.stringContaining('this unit has an owner') });
    unit.write(UNIT_PATHS.finalised, '{}');
    expect(await unit.unitctl(['code', '--new'])).toMatchObject({ exitCode: 6, stderr: expect.stringContaining('closed') });
  });
});

describe('settings', () => {
  test('are kept as they are typed, wrong ones too, and secrets never come back', async () => {
    const { socket, unit } = await claimed();
    const first = await ask(socket, 'settings-write', { section: 'administrator', values: { login: 'Wrong Name', password: PASSWORD } });
    expect(first.values['administrator']).toEqual({ login: 'Wrong Name', sshKeys: [], sshPasswordLogin: false });
    expect(first.secretsSet).toEqual(['administrator.password']);
    expect(first.origins).toMatchObject({ 'administrator.login': 'wizard', 'administrator.password': 'wizard' });
    expect(first.problems).toEqual([
      { path: 'administrator.login', message: expect.any(String), keyword: 'pattern', missing: false },
      { path: 'product', message: expect.stringContaining('title'), keyword: 'required', missing: true },
    ]);
    const second = await ask(socket, 'settings-write', { section: 'administrator', values: { login: 'keeper' } });
    expect(second.secretsSet).toEqual(['administrator.password']);
    expect(second.problems.map(({ path }) => path)).toEqual(['product']);
    for (const answer of [first, second, await ask(socket, 'settings-read', {})]) expect(JSON.stringify(answer)).not.toContain('a pass');
    expect(statSync(unit.at(UNIT_PATHS.draft)).mode & 0o777).toBe(0o600);
    const third = await ask(socket, 'settings-write', { section: 'administrator', values: {}, clear: ['administrator.password'] });
    expect(third.secretsSet).toEqual([]);
    expect(third.values['administrator']).toEqual({ login: 'admin', sshKeys: [], sshPasswordLogin: false });
    expect(unit.read(UNIT_PATHS.draft)).not.toContain('a pass');
  });

  test('a secret in a wrong place is not shown either', async () => {
    const { socket } = await claimed();
    const values = { token: { a: PASSWORD }, tokn: PASSWORD, mail: [{ key: PASSWORD }], title: 'A' };
    const kept = await ask(socket, 'settings-write', { section: 'product', values });
    expect(JSON.stringify(kept)).not.toContain('a pass');
    expect(kept.values['product']).toEqual({ title: 'A', workers: 2 });
    expect(kept.problems.length).toBeGreaterThanOrEqual(3);
  });

  test("lie above those of outside sources, and take the place of unitctl's", async () => {
    const { socket, unit } = startHelper();
    unit.write(
      UNIT_PATHS.draft,
      JSON.stringify({
        schemaVersion: 1,
        layers: [
          {
            source: 'ovf-environment',
            answers: { schemaVersion: 1, network: { hostName: 'ovf' }, product: { title: 'OVF', token: 'ovf-token' } },
          },
          { source: 'unitctl', answers: { schemaVersion: 1, product: { title: 'CLI', workers: 9 } } },
        ],
      }),
    );
    unit.write(SETUP_PATHS.claimed, '');
    const before = await ask(socket, 'settings-read', {});
    expect(before.values).toMatchObject({ network: { hostName: 'ovf' }, product: { title: 'CLI', workers: 9 } });
    const after = await ask(socket, 'settings-write', { section: 'product', values: { title: 'Page' }, clear: ['product.token'] });
    expect(after.values['product']).toEqual({ title: 'Page', workers: 9 });
    expect(after.origins).toMatchObject({ 'product.title': 'wizard', 'product.workers': 'unitctl', 'network.hostName': 'ovf-environment' });
    expect(after.secretsSet).toEqual([]);
  });

  test.each(['nothing', '__proto__', 'constructor', 'schemaVersion', 'unattended'])('there is no section %s', async (section) => {
    const { socket } = await claimed();
    await expect(ask(socket, 'settings-write', { section, values: { a: 1 } })).rejects.toThrow('there is no section');
  });

  test('two browsers that write at once lose nothing of each other', async () => {
    const { socket } = await claimed();
    await Promise.all([
      ask(socket, 'settings-write', { section: 'network', values: { hostName: 'one' } }),
      ask(socket, 'settings-write', { section: 'domain', values: { name: 'shop.example.org' } }),
      ask(socket, 'settings-write', { section: 'product', values: { title: 'A' } }),
    ]);
    const { values } = await ask(socket, 'settings-read', {});
    expect(values).toMatchObject({ network: { hostName: 'one' }, domain: { name: 'shop.example.org' }, product: { title: 'A' } });
  });
});

describe('checks', () => {
  const report = { findings: [{ severity: 'ok' as const, message: every('fine') }] };
  const context = (helped: Helped) => ({
    system: helped.system,
    claims: new Claims(helped.system),
    signal: new AbortController().signal,
    emit: () => Promise.resolve(),
  });

  test('see what is kept, secrets in clear, and whatever the page gives them', async () => {
    const helped = await claimed();
    await ask(helped.socket, 'settings-write', { section: 'administrator', values: { password: PASSWORD } });
    const seen: unknown[] = [];
    const check = checkBy([
      {
        section: 'administrator',
        name: 'look',
        timeout: 5,
        run: ({ settings, parameters, unit }) => {
          seen.push(settings.administrator.password, parameters, unit.name);
          return Promise.resolve(report);
        },
      },
    ]);
    expect(await check({ section: 'administrator', check: 'look', parameters: { a: 1 } }, context(helped))).toEqual(report);
    expect(seen).toEqual([PASSWORD, { a: 1 }, 'shop']);
    await expect(check({ section: 'administrator', check: 'other' }, context(helped))).rejects.toThrow('has no check other');
    await expect(ask(helped.socket, 'check', { section: 'administrator', check: 'none' })).rejects.toThrow('has no check none');
  });

  test('end in time, and say so', async () => {
    const helped = await claimed();
    const check = checkBy([{ section: 'mail', name: 'hangs', timeout: 0.05, run: () => new Promise(() => undefined) }]);
    expect(await check({ section: 'mail', check: 'hangs' }, context(helped))).toMatchObject({ findings: [{ severity: 'error' }] });
  });
});

describe('the run', () => {
  async function whole(helped: Helped): Promise<void> {
    await ask(helped.socket, 'settings-write', { section: 'administrator', values: { password: PASSWORD } });
    await ask(helped.socket, 'settings-write', { section: 'product', values: { title: 'A shop' } });
  }

  test('is planned, started, followed from its beginning by whoever comes, and its result shown', async () => {
    const helped = await claimed();
    const { socket, unit } = helped;
    await whole(helped);
    const { steps } = await ask(socket, 'plan', {});
    expect(steps.map(({ id }) => id)).toEqual(expect.arrayContaining(['begin:administrator', 'page', 'finish:finalise']));
    expect(JSON.stringify(steps)).not.toContain('a pass');
    expect(await ask(socket, 'apply', {})).toEqual({ started: true });
    const seen: HelperMessage[][] = [[], []];
    const ends = await Promise.all(seen.map((messages) => ask(socket, 'follow', {}, (message) => messages.push(message))));
    expect(ends).toEqual([{ state: 'ready' }, { state: 'ready' }]);
    expect(seen[0]).toEqual(seen[1]);
    expect(await ask(socket, 'status', {})).toMatchObject({ state: 'ready' });
    const inUse = await readInUse(helped.system);
    expect(inUse?.leaf.fingerprint256).toMatch(/^[0-9A-F]{2}:/);
    expect(await ask(socket, 'result', {})).toMatchObject({ state: 'ready', fingerprint: inUse?.leaf.fingerprint256 });
    expect(statSync(unit.at(SETUP_PATHS.events)).mode & 0o777).toBe(0o600);
    const types = (seen[0] ?? []).map((message) => (message.type === 'event' ? message.event.type : message.type));
    expect(types.slice(0, 2)).toEqual(['state', 'plan']);
    expect(types.filter((type) => type === 'step-finished')).toHaveLength(steps.length);
    expect(JSON.parse(unit.read('/srv/page'))).toEqual({ title: 'A shop', password: PASSWORD });
    const result = await ask(socket, 'result', {});
    const leaf = new X509Certificate(unit.read('/etc/unit/tls/fullchain.pem'));
    expect(result).toMatchObject({ state: 'ready', fingerprint: leaf.fingerprint256, warnings: [] });
    // By its own authority, which browsers can be told to trust; no key comes along.
    expect(leaf.verify(new X509Certificate(result.authority ?? '').publicKey)).toBe(true);
    expect(result.authority).not.toContain('PRIVATE');
    expect(result.credentials).toEqual([{ title: { en: 'Token' }, value: expect.stringMatching(/^[0-9a-f]{20}$/) }]);
    const [base = ''] = result.urls;
    expect(result.nextSteps).toEqual([
      { text: { en: 'Log in.' }, link: `${base}admin/?a=1` },
      { text: { en: 'Read the manual.' }, link: 'https://example.org/' },
      { text: { en: 'Sell.' } },
    ]);
    expect(JSON.stringify(seen)).not.toContain('a pass');
  });

  test('says what a certificate authority refused, and goes on with a certificate of its own', async () => {
    const helped = await claimed();
    const { socket, unit } = helped;
    await whole(helped);
    const nobody = 'https://127.0.0.1:1/directory';
    const acme = { directory: nobody, email: 'kate@example.org', agreeToTerms: true };
    await ask(socket, 'settings-write', { section: 'domain', values: { name: 'shop.example.org' } });
    await ask(socket, 'settings-write', { section: 'certificate', values: { mode: 'acme', acme } });
    await ask(socket, 'apply', {});
    expect(await ask(socket, 'follow', {})).toEqual({ state: 'ready' });
    const { warnings, authority, urls } = await ask(socket, 'result', {});
    expect(urls).toEqual(['https://shop.example.org/']);
    expect(warnings.length).toBeGreaterThanOrEqual(2);
    expect(warnings[0]?.ru).toContain('собственный');
    expect(authority).toBe(unit.read('/etc/unit/tls/ca.pem'));
  });

  test('with an administrator whom the image names is for nobody else', async () => {
    const helped = startHelper(60, { ...UNIT, setup: { administrator: { login: 'keeper' } } });
    const { socket, system, unit } = helped;
    await ask(socket, 'claim', { code: (await currentCode(system)) as string, from: '192.0.2.1' });
    await whole(helped);
    const kept = await ask(socket, 'settings-read', {});
    expect(kept.values).toMatchObject({ administrator: { login: 'keeper' } });
    const refused = await ask(socket, 'settings-write', { section: 'administrator', values: { login: 'mallory', password: PASSWORD } });
    expect(refused.problems).toMatchObject([
      { path: 'administrator.login', missing: false, texts: { ja: expect.stringContaining('keeper') } },
    ]);
    await expect(ask(socket, 'apply', {})).rejects.toThrow(/administrator of this product is keeper/);
    const answers = { schemaVersion: 1, administrator: { login: 'admin', password: PASSWORD }, product: { title: 'A shop' } };
    unit.write('/answers.yaml', JSON.stringify(answers));
    const byFile = await unit.unitctl(['apply', '--answers', unit.at('/answers.yaml')]);
    expect([byFile.exitCode, byFile.stderr]).toEqual([3, expect.stringContaining('the administrator of this product is keeper')]);
    expect(byFile.stderr).toContain('answers.yaml:1');
    await ask(socket, 'settings-write', { section: 'administrator', values: { login: 'keeper', password: PASSWORD } });
    const { steps } = await ask(socket, 'plan', {});
    expect(steps.find(({ id }) => id === 'begin:administrator')?.words.en).toContain('keeper');
  });

  test('is refused for answers that are not whole, with what is missing', async () => {
    const { socket, unit } = await claimed();
    await expect(ask(socket, 'apply', {})).rejects.toThrow(/the answers are not whole: .*title/);
    expect(existsSync(unit.at(UNIT_PATHS.unfinished))).toBe(false);
  });

  test('that fails leaves the page open; what is corrected then is what the next one takes', async () => {
    const helped = await claimed();
    const { socket, unit } = helped;
    await whole(helped);
    unit.write('/broken-web.service', '');
    unit.write('/broken-unit.target', '');
    await ask(socket, 'apply', {});
    const seen: HelperMessage[] = [];
    expect(await ask(socket, 'follow', {}, (message) => seen.push(message))).toEqual({ state: 'failed' });
    expect(seen).toContainEqual({ type: 'event', event: expect.objectContaining({ type: 'step-failed', step: 'finish:services' }) });
    expect(await ask(socket, 'status', {})).toMatchObject({ state: 'failed' });
    rmSync(unit.at('/broken-web.service'));
    rmSync(unit.at('/broken-unit.target'));
    await ask(socket, 'settings-write', { section: 'product', values: { title: 'A better shop' } });
    await ask(socket, 'apply', {});
    expect(await ask(socket, 'follow', {})).toEqual({ state: 'ready' });
    expect(JSON.parse(unit.read('/srv/page'))).toMatchObject({ title: 'A better shop' });
    expect(existsSync(unit.at(UNIT_PATHS.draft))).toBe(false);
  });

  test('that another one holds is not begun', async () => {
    const helped = await claimed();
    await whole(helped);
    const held = await lock(helped.system, LOCK);
    await expect(ask(helped.socket, 'apply', {})).rejects.toThrow('being changed by another run');
    await held.release();
  });

  test('is known from the moment it was started', async () => {
    const helped = await claimed();
    await whole(helped);
    await ask(helped.socket, 'apply', {});
    expect((await ask(helped.socket, 'status', {})).state).toBe('applying');
    expect(await ask(helped.socket, 'follow', {})).toEqual({ state: 'ready' });
  });

  test('that was killed is told from one that goes on', async () => {
    const helped = await claimed();
    const { socket, unit } = helped;
    await whole(helped);
    unit.killAtCall(12);
    await ask(socket, 'apply', {});
    expect(await ask(socket, 'follow', {})).toEqual({ state: 'failed' });
    expect(await ask(socket, 'status', {})).toMatchObject({ state: 'failed', settled: false });
    const { events } = await unit.unitctl(['status', '--json']);
    expect(events[0]).toMatchObject({
      data: { state: 'failed', failure: { step: expect.any(String), reason: expect.stringContaining('cut off') } },
    });
    const held = await lock(helped.system, LOCK);
    expect(await ask(socket, 'status', {})).toMatchObject({ state: 'applying' });
    await held.release();
    await ask(socket, 'apply', {});
    expect(await ask(socket, 'follow', {})).toEqual({ state: 'ready' });
  });

  test('that nothing can be watched of is followed all the same', async () => {
    const helped = await claimed();
    await whole(helped);
    vi.spyOn(fs, 'watch').mockImplementation(() => {
      throw Object.assign(new Error('no space for watches'), { code: 'ENOSPC' });
    });
    syncBuiltinESMExports();
    try {
      await ask(helped.socket, 'apply', {});
      expect(await ask(helped.socket, 'follow', {})).toEqual({ state: 'ready' });
      expect(fs.watch).toHaveBeenCalled();
    } finally {
      vi.restoreAllMocks();
      syncBuiltinESMExports();
    }
  });

  test('shows what it made though a service is not ready, and names that; codes are worth nothing by then', async () => {
    const helped = await claimed();
    const { socket, unit, system } = helped;
    await whole(helped);
    await ask(socket, 'apply', {});
    expect(await ask(socket, 'follow', {})).toEqual({ state: 'ready' });
    expect(await ask(socket, 'result', {})).toMatchObject({ notReady: [] });
    rmSync(unit.at('/run/fake/web.service'));
    expect(await ask(socket, 'status', {})).toMatchObject({ state: 'failed', settled: true });
    const result = await ask(socket, 'result', {});
    expect(result.notReady).toEqual([{ en: 'web' }]);
    expect(result.credentials).toHaveLength(1);
    for (const argv of [['code'], ['code', '--new']])
      expect(await unit.unitctl(argv)).toMatchObject({ exitCode: 6, stderr: expect.stringContaining('open-setup') });
    const code = await newCode(system);
    expect(await currentCode(system)).toBeUndefined();
    expect(await ask(socket, 'claim', { code, from: '192.0.2.9' })).toMatchObject({ ok: false });
  });

  test('that another way begins leaves what the page has kept, until setup ends', async () => {
    const helped = await claimed();
    const { socket, unit } = helped;
    await whole(helped);
    await ask(socket, 'apply', {});
    expect(await ask(socket, 'follow', {})).toEqual({ state: 'ready' });
    expect(existsSync(unit.at(UNIT_PATHS.draft))).toBe(false);
    await ask(socket, 'settings-write', { section: 'product', values: { title: 'Better' } });
    expect((await unit.unitctl(['apply'])).exitCode).toBe(0);
    expect(unit.read(UNIT_PATHS.draft)).toContain('Better');
    unit.write('/broken-unit.target', '');
    await ask(socket, 'apply', {});
    expect(await ask(socket, 'follow', {})).toEqual({ state: 'failed' });
    rmSync(unit.at('/broken-unit.target'));
    // Goes on with what was made from it.
    expect((await unit.unitctl(['apply', '--resume'])).exitCode).toBe(0);
    expect(JSON.parse(unit.read('/srv/page'))).toMatchObject({ title: 'Better' });
    expect(existsSync(unit.at(UNIT_PATHS.draft))).toBe(false);
    await ask(socket, 'settings-write', { section: 'product', values: { title: 'Never applied' } });
    expect((await unit.unitctl(['close-setup'])).exitCode).toBe(0);
    expect(existsSync(unit.at(UNIT_PATHS.draft))).toBe(false);
  });

  test('a secret that the owner takes back is gone after the next run', async () => {
    const helped = await claimed();
    const { socket, unit } = helped;
    await whole(helped);
    await ask(socket, 'settings-write', { section: 'product', values: { title: 'A shop', mail: { key: 'secret-key' } } });
    unit.write('/broken-unit.target', '');
    await ask(socket, 'apply', {});
    await ask(socket, 'follow', {});
    const file = unit.at('/var/lib/unit/secrets/settings.product.mail.key');
    expect(readFileSync(file, 'utf8')).toBe('"secret-key"');
    const cleared = await ask(socket, 'settings-write', { section: 'product', values: { title: 'A shop' }, clear: ['product.mail.key'] });
    expect(cleared.secretsSet).not.toContain('product.mail.key');
    rmSync(unit.at('/broken-unit.target'));
    await ask(socket, 'apply', {});
    expect(await ask(socket, 'follow', {})).toEqual({ state: 'ready' });
    expect(existsSync(file)).toBe(false);
  });
});
