import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { ovfEnvironment } from '../../../builder/vm/seeds/ovf-environment.ts';
import { SETUP_PATHS } from '../../../firstboot/contract/setup.ts';
import { UNIT_PATHS, type Unit } from '../../../firstboot/contract/unit.ts';
import { readConsoleText } from '../../../firstboot/ctl/console-facts.ts';
import { System } from '../../../firstboot/kit/system.ts';
import { bundleUnitctl, FakeUnit } from './fake-unit.ts';

const PASSWORD = `p'w"d $HOME %s & <secret> パス\u2028`;

const UNIT: Unit = {
  schemaVersion: 1,
  name: 'shop',
  version: '1.0.0',
  title: { en: 'Shop' },
  services: { database: { ready: { unit: 'database.service' } }, web: { ready: { unit: 'web.service' }, after: ['database'] } },
  ports: [],
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
    title: { type: 'string', maxLength: 40, 'x-ovf': true },
    workers: { type: 'integer', default: 2, 'x-ovf': true },
    token: { type: 'string', writeOnly: true, 'x-generate': { length: 20, alphabet: 'hex' } },
  },
};

let folder: string;
let bundle: string;
const units: FakeUnit[] = [];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'unit-adopt-'));
  bundle = await bundleUnitctl(folder);
});
afterAll(() => {
  for (const path of [folder, ...units.map(({ root }) => root)]) rmSync(path, { recursive: true, force: true });
});

function makeUnit(definition: Unit = UNIT): FakeUnit {
  const unit = new FakeUnit(bundle, definition, {
    '/usr/lib/unit/settings.schema.json': JSON.stringify(SCHEMA),
    '/usr/lib/unit/templates/page':
      '{ "title": {{settings.product.title}}, "workers": {{settings.product.workers}}, "password": {{settings.administrator.password}} }\n',
  });
  units.push(unit);
  return unit;
}

/** VMware hands these properties over. */
function guestinfo(unit: FakeUnit, properties: Record<string, string>): void {
  unit.write('/guestinfo/ovfEnv', ovfEnvironment(properties));
}

/** A disk or CD with these files, beside a drive without a medium. */
function disk(unit: FakeUnit, label: string, files: Record<string, string>, type = 'ext4'): void {
  unit.write('/lsblk.json', JSON.stringify({ blockdevices: [{ name: '/dev/sr9' }, { name: '/dev/sdb' }] }));
  unit.write('/tags/sdb', `DEVNAME=/dev/sdb\nLABEL=${label.replaceAll(' ', '\\ ')}\nTYPE=${type}\n`);
  mkdirSync(unit.at('/media/sdb'), { recursive: true });
  for (const [name, text] of Object.entries(files)) unit.write(`/media/sdb/${name}`, text);
}

const answers = (data: object): string => JSON.stringify({ schemaVersion: 1, ...data });
const WHOLE = { unattended: true, administrator: { password: PASSWORD }, product: { title: 'A shop' } };

const outcome = (events: readonly Record<string, unknown>[]) => events.find(({ type }) => type === 'result')?.['data'];

function expectReady(unit: FakeUnit, title: string, workers = 2): void {
  expect(JSON.parse(unit.read('/srv/page'))).toEqual({ title, workers, password: PASSWORD });
  expect(existsSync(unit.at(UNIT_PATHS.finalised))).toBe(true);
  expect(existsSync(unit.at(UNIT_PATHS.draft))).toBe(false);
  expect(unit.read('/announced').trim().split('\n').at(-1)).toBe('ready');
}

/** What is waiting must be as it was: no step has run. */
function expectUntouched(unit: FakeUnit): void {
  for (const path of ['/srv/page', UNIT_PATHS.settings, UNIT_PATHS.finalised, UNIT_PATHS.unfinished])
    expect(existsSync(unit.at(path))).toBe(false);
}

describe('whole answers set the unit up', () => {
  test('from vApp properties, which are cleared in guestinfo', async () => {
    const unit = makeUnit();
    guestinfo(unit, {
      'unit.unattended': 'True',
      'unit.administrator.password': PASSWORD,
      'unit.product.title': `"A" & <b> 'é' 100 % $HOME`,
      'unit.product.workers': '7',
      'unit.time.zone': '',
    });
    const { exitCode, stderr, events } = await unit.unitctl(['adopt', '--json']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(outcome(events)).toEqual({ outcome: 'applied', sources: ['ovf-environment'], missing: [] });
    expectReady(unit, `"A" & <b> 'é' 100 % $HOME`, 7);
    expect(unit.read('/guestinfo/ovfEnv')).toBe(' ');
  });

  test('from vApp properties, by the other program of open-vm-tools too', async () => {
    const unit = makeUnit();
    guestinfo(unit, { 'unit.answers': Buffer.from(answers(WHOLE)).toString('base64') });
    unit.write('/bin/vmtoolsd', unit.read('/bin/vmware-rpctool').replaceAll('$1', '$2').replaceAll('${1#', '${2#'), 0o755);
    rmSync(unit.at('/bin/vmware-rpctool'));
    expect((await unit.unitctl(['adopt'])).exitCode).toBe(0);
    expectReady(unit, 'A shop');
    expect(unit.read('/guestinfo/ovfEnv')).toBe(' ');
  });

  test('from a disk, though another drive is broken', async () => {
    const unit = makeUnit();
    disk(unit, 'UNIT-ANSWERS', { 'answers.yaml': answers(WHOLE) });
    unit.write('/bin/blkid', unit.read('/bin/blkid').replace('exit 2', 'exit 4'), 0o755);
    const { exitCode, stdout } = await unit.unitctl(['adopt']);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('disks and CDs: blkid failed with exit code 4');
  });

  test('from the CD of the ISO transport, among others', async () => {
    const unit = makeUnit();
    const whole = Buffer.from(answers(WHOLE)).toString('base64');
    disk(unit, 'OVF ENV', { 'ovf-env.xml': ovfEnvironment({ 'unit.answers': whole, 'unit.unattended': 'False' }) }, 'iso9660');
    expect((await unit.unitctl(['adopt'])).exitCode).toBe(0);
    expectReady(unit, 'A shop');
  });

  test('from cloud-init, whose file and user-data go', async () => {
    const unit = makeUnit();
    unit.write(UNIT_PATHS.cloudInitAnswers, answers(WHOLE));
    unit.write('/guestinfo/userdata', 'SGVsbG8=');
    expect((await unit.unitctl(['adopt'])).exitCode).toBe(0);
    expectReady(unit, 'A shop');
    expect(existsSync(unit.at(UNIT_PATHS.cloudInitAnswers))).toBe(false);
    expect(unit.read('/guestinfo/userdata')).toBe('---');
  });

  test.each([
    ['UNIT-ANSWERS', 'answers.yaml'],
    ['UNITANSWERS', 'answers.json'],
  ])('from a disk called %s', async (label, file) => {
    const unit = makeUnit();
    disk(unit, label, { [file]: answers(WHOLE) });
    expect((await unit.unitctl(['adopt'])).exitCode).toBe(0);
    expectReady(unit, 'A shop');
    expect(unit.read(`/media/sdb/${file}`)).toBe(answers(WHOLE));
    expect(unit.read('/calls')).toMatch(/^umount -- \S+\/run\/unit\/source-/m);
    expect(unit.read('/calls')).toMatch(/^mount --read-only --options nodev,nosuid,noexec -- \/dev\/sdb /m);
  });

  test('from all of them: the later one wins for each setting, and says so', async () => {
    const unit = makeUnit();
    guestinfo(unit, { 'unit.product.title': 'ovf', 'unit.domain.name': 'ovf.example.org', 'unit.product.workers': '1' });
    unit.write(UNIT_PATHS.cloudInitAnswers, answers({ product: { title: 'cloud', workers: 3 }, administrator: { password: PASSWORD } }));
    disk(unit, 'UNIT-ANSWERS', { 'answers.yaml': answers({ unattended: true, product: { title: 'disk' } }) });
    expect((await unit.unitctl(['adopt'])).exitCode).toBe(0);
    expectReady(unit, 'disk', 3);
    expect(JSON.parse(unit.read(UNIT_PATHS.origins))).toMatchObject({
      origins: {
        'product.title': 'answers-disk',
        'product.workers': 'cloud-init',
        'product.token': 'generated',
        'domain.name': 'ovf-environment',
        'administrator.password': 'cloud-init',
        'time.zone': 'default',
      },
    });
    expect(statSync(unit.at(UNIT_PATHS.origins)).mode & 0o777).toBe(0o600);
    const { stdout } = await unit.unitctl(['settings', '--origin']);
    expect(stdout).toContain('product.title: "disk"  (answers-disk)');
    expect(stdout).toContain('administrator.password: "(set)"  (cloud-init)');
    expect((await unit.unitctl(['settings', 'get', 'domain', '--origin'])).stdout).toBe(
      'domain.name: "ovf.example.org"  (ovf-environment)',
    );
  });

  test('and secrets are in no output, journal or argv', async () => {
    const unit = makeUnit();
    guestinfo(unit, { 'unit.unattended': 'true', 'unit.administrator.password': PASSWORD, 'unit.product.title': 'x' });
    const { stdout, stderr } = await unit.unitctl(['adopt']);
    for (const text of [
      stdout,
      stderr,
      unit.read('/calls'),
      unit.read(UNIT_PATHS.journal),
      unit.read(UNIT_PATHS.settings),
      unit.read(UNIT_PATHS.origins),
    ])
      expect(text).not.toMatch(/<secret>|パス/);
  });
});

test('a code that user-data has chosen goes from guestinfo, where any user could read it', async () => {
  const unit = makeUnit();
  unit.write('/guestinfo/userdata', 'write_files: ...');
  unit.write(SETUP_PATHS.presetCode, 'abcd-efgh-jkmn-pqrs\n');
  const system = new System({ root: unit.root, path: `${unit.at('/bin')}:/usr/bin:/bin`, signal: new AbortController().signal });
  expect(await readConsoleText(system)).toContain('ABCD-EFGH-JKMN-PQRS');
  expect(unit.read('/guestinfo/userdata').trim()).toBe('---');
  expect(existsSync(unit.at(SETUP_PATHS.presetCode))).toBe(false);
});

describe('what is kept and not applied', () => {
  test('what the owner has typed on the setup page so far, though it is wrong, and though the rest says unattended', async () => {
    const unit = makeUnit();
    const page = { source: 'wizard', answers: { schemaVersion: 1, network: { hostName: 'WRONG NAME' } } };
    unit.write(UNIT_PATHS.draft, JSON.stringify({ schemaVersion: 1, layers: [page], cleared: ['product.token'] }));
    disk(unit, 'UNIT-ANSWERS', { 'answers.yaml': answers(WHOLE) });
    expect((await unit.unitctl(['adopt'])).exitCode).toBe(7);
    const draft = JSON.parse(unit.read(UNIT_PATHS.draft)) as { layers: { source: string }[] };
    expect(draft.layers).toContainEqual(page);
    expect(draft).toMatchObject({ cleared: ['product.token'] });
    expect(draft.layers.map(({ source }) => source)).toEqual(['answers-disk', 'wizard']);
    expectUntouched(unit);
  });

  test('nothing from outside is no error', async () => {
    const unit = makeUnit();
    for (const prepare of [() => undefined, () => mkdirSync(unit.at('/guestinfo')), () => guestinfo(unit, { 'vendor.key': 'x' })]) {
      prepare();
      const before = unit.tree();
      const { exitCode, events, stderr } = await unit.unitctl(['adopt', '--json']);
      expect({ exitCode, stderr, data: outcome(events) }).toEqual({ exitCode: 0, stderr: '', data: { outcome: 'nothing' } });
      expect(unit.tree()).toEqual(before);
    }
  });

  test('answers that nobody said are all are a draft, readable by root alone', async () => {
    const unit = makeUnit();
    unit.write(UNIT_PATHS.cloudInitAnswers, answers({ ...WHOLE, unattended: false }));
    const { exitCode, stdout } = await unit.unitctl(['adopt']);
    expect(exitCode).toBe(7);
    expect(stdout).toContain('unitctl apply');
    expectUntouched(unit);
    expect(statSync(unit.at(UNIT_PATHS.draft)).mode & 0o777).toBe(0o600);
    expect(unit.read('/announced')).toBe('waiting\n');
    expect((await unit.unitctl(['status'])).stdout).toContain('shop 1.0.0: waiting');
    expect((await unit.unitctl(['settings', 'get', 'administrator', '--origin'])).stdout).toContain('password: "(set)"  (cloud-init)');
    // The owner's word is all that is missing.
    expect((await unit.unitctl(['apply'])).exitCode).toBe(0);
    expectReady(unit, 'A shop');
  });

  test('answers that want no page and lack something say on standard error what', async () => {
    const unit = makeUnit();
    guestinfo(unit, { 'unit.unattended': 'True' });
    const { exitCode, stderr } = await unit.unitctl(['adopt']);
    expect(exitCode).toBe(7);
    expect(stderr).toContain('"title" is missing in product');
    expect(stderr).toContain('needs a password or an SSH key of the administrator');
    expectUntouched(unit);
  });

  test('a later start completes a draft, though what was cleared is gone', async () => {
    const unit = makeUnit();
    guestinfo(unit, { 'unit.unattended': 'True', 'unit.administrator.password': PASSWORD, 'unit.product.workers': '5' });
    expect((await unit.unitctl(['adopt'])).exitCode).toBe(7);
    expect((await unit.unitctl(['adopt'])).exitCode).toBe(7);
    disk(unit, 'UNIT-ANSWERS', { 'answers.yaml': answers({ product: { title: 'Late' } }) });
    expect((await unit.unitctl(['adopt'])).exitCode).toBe(0);
    expectReady(unit, 'Late', 5);
  });

  test("the owner's file lies above a draft", async () => {
    const unit = makeUnit();
    guestinfo(unit, { 'unit.administrator.password': PASSWORD, 'unit.product.workers': '5', 'unit.product.title': 'ovf' });
    expect((await unit.unitctl(['adopt'])).exitCode).toBe(7);
    unit.write('/own.yaml', answers({ product: { title: 'Own' } }));
    expect((await unit.unitctl(['apply', '--answers', unit.at('/own.yaml')])).exitCode).toBe(0);
    expectReady(unit, 'Own', 5);
    expect(JSON.parse(unit.read(UNIT_PATHS.origins))).toMatchObject({
      origins: { 'product.title': 'unitctl', 'product.workers': 'ovf-environment' },
    });
  });
});

describe('answers that do not fit', () => {
  test('are told all at once, each with source and place; nothing is kept, cleared or applied', async () => {
    const unit = makeUnit();
    const properties = { 'unit.product.workers': 'many', 'unit.product.titel': 'x', 'unit.administrator.password': PASSWORD };
    guestinfo(unit, properties);
    unit.write(UNIT_PATHS.cloudInitAnswers, 'schemaVersion: 1\nunattended: true\nproduct:\n  titel: x\n');
    disk(unit, 'UNIT-ANSWERS', { 'answers.yaml': 'a: [1\n' });
    const before = unit.tree();
    const { exitCode, stderr } = await unit.unitctl(['adopt']);
    expect(exitCode).toBe(3);
    expect(stderr).toContain('OVF environment (guestinfo.ovfEnv), property unit.product.workers: product.workers must be a whole number');
    expect(stderr).toContain('there is no property unit.product.titel Did you mean "unit.product.title"?');
    expect(stderr).toContain(`${UNIT_PATHS.cloudInitAnswers}:4:10: "titel" is not known in product`);
    expect(stderr).toContain('UNIT-ANSWERS (/dev/sdb)/answers.yaml:');
    // But for what the page and the console say of it.
    const { [SETUP_PATHS.refusedAnswers]: refused, ...after } = unit.tree();
    expect(after).toEqual(before);
    expect(refused).toMatch(/^600 .*titel.*must be a whole number/);
    expect(refused).not.toContain(PASSWORD);
    expect(unit.read('/announced')).toBe('waiting\n');
    expect(unit.read('/guestinfo/ovfEnv')).toBe(ovfEnvironment(properties));
    const system = new System({ root: unit.root, path: unit.at('/bin'), signal: new AbortController().signal });
    expect(await readConsoleText(system)).toMatch(
      /Answers from outside do not fit, .*\n.*guestinfo\.ovfEnv[\s\S]* And \d more: see the setup\s+page/,
    );
    // Mended, and started again.
    guestinfo(unit, { 'unit.product.workers': '3' });
    rmSync(unit.at(UNIT_PATHS.cloudInitAnswers));
    disk(unit, 'UNIT-ANSWERS', { 'answers.yaml': answers({}) });
    expect((await unit.unitctl(['adopt'])).exitCode).toBe(7);
    expect(existsSync(unit.at(SETUP_PATHS.refusedAnswers))).toBe(false);
    expect(await readConsoleText(system)).not.toContain('outside');
  });

  test('a disk that cannot be read, or holds no answers, is one', async () => {
    const unit = makeUnit();
    disk(unit, 'UNIT-ANSWERS', { 'other.yaml': 'x' });
    expect((await unit.unitctl(['adopt'])).stderr).toContain('it holds no answers.yaml and no answers.json');
    rmSync(unit.at('/media/sdb'), { recursive: true });
    expect((await unit.unitctl(['adopt'])).stderr).toContain('UNIT-ANSWERS (/dev/sdb): cannot be read: mount failed with exit code 32');
    mkdirSync(unit.at('/media/sdb'));
    symlinkSync('/etc/passwd', unit.at('/media/sdb/answers.yaml'));
    const { exitCode, stderr } = await unit.unitctl(['adopt']);
    expect(exitCode).toBe(3);
    expect(stderr).toContain('it is a symbolic link');
    expect(stderr).not.toContain('root:');
  });
});

describe('when sources are not read', () => {
  test('a finalised unit takes nothing, and clears nothing', async () => {
    const unit = makeUnit();
    unit.write(UNIT_PATHS.cloudInitAnswers, answers(WHOLE));
    expect((await unit.unitctl(['adopt'])).exitCode).toBe(0);
    guestinfo(unit, { 'unit.product.title': 'New' });
    unit.write(UNIT_PATHS.cloudInitAnswers, answers({ product: { title: 'New' } }));
    const before = unit.tree();
    const { exitCode, events } = await unit.unitctl(['adopt', '--json']);
    expect({ exitCode, data: outcome(events) }).toEqual({ exitCode: 0, data: { outcome: 'closed' } });
    expect(unit.tree()).toEqual(before);
  });

  test('a run that was begun is gone on with by itself', async () => {
    const unit = makeUnit();
    unit.write(UNIT_PATHS.cloudInitAnswers, answers(WHOLE));
    unit.write('/broken-unit.target', '');
    expect((await unit.unitctl(['adopt'])).exitCode).toBe(4);
    expect((await unit.unitctl(['adopt'])).stdout).toContain('unitctl apply --resume');
    rmSync(unit.at('/broken-unit.target'));
    expect((await unit.unitctl(['apply', '--resume'])).exitCode).toBe(0);
    expectReady(unit, 'A shop');
  });

  test('killed anywhere, it ends the same', async () => {
    const reference = makeUnit();
    guestinfo(reference, { 'unit.unattended': 'true', 'unit.administrator.password': PASSWORD, 'unit.product.title': 'Kept' });
    await reference.unitctl(['adopt']);
    const calls = reference.read('/calls').trim().split('\n').length;
    for (let at = 1; at <= calls; at += process.env['UNITSMITH_TEST'] === 'full' ? 1 : 12) {
      const unit = makeUnit();
      guestinfo(unit, { 'unit.unattended': 'true', 'unit.administrator.password': PASSWORD, 'unit.product.title': 'Kept' });
      unit.killAtCall(at);
      expect((await unit.unitctl(['adopt'])).signal).toBe('SIGKILL');
      unit.write('/kill-at', '');
      // As systemd does at the next boot: one of the two has work to do.
      expect((await unit.unitctl(['apply', '--resume'])).exitCode).toBe(0);
      expect((await unit.unitctl(['adopt'])).exitCode).toBe(0);
      expectReady(unit, 'Kept');
      expect(unit.read('/guestinfo/ovfEnv')).toBe(' ');
    }
  }, 120_000);
});
