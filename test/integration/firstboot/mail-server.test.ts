/** The unit's mail server by `unitctl apply`, on a unit in a folder. Postfix itself is a stand-in's service here. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { bundleUnitctl, EMPTY_UNIT, FakeUnit } from './fake-unit.ts';

const PASSWORD = 'geheim $1 "x" 4711';
const RELAY = { mode: 'relay', host: 'mail.example.org', user: 'shop', password: PASSWORD, senderAddress: 'shop@example.org' };

let folder: string;
let bundle: string;
const units: FakeUnit[] = [];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'unit-mail-server-'));
  bundle = await bundleUnitctl(folder);
});
afterAll(() => {
  for (const path of [folder, ...units.map(({ root }) => root)]) rmSync(path, { recursive: true, force: true });
});

function makeUnit(withPostfix = true): FakeUnit {
  const unit = new FakeUnit(bundle, EMPTY_UNIT, withPostfix ? { '/usr/sbin/postfix': '' } : {});
  units.push(unit);
  return unit;
}

async function apply(unit: FakeUnit, mail: object): Promise<{ changed: boolean; exitCode: number | null; text: string }> {
  unit.write('/answers.json', JSON.stringify({ schemaVersion: 1, mail }));
  const { exitCode, events, stdout, stderr } = await unit.unitctl(['apply', '--answers', unit.at('/answers.json'), '--json']);
  const step = events.find((event) => event['type'] === 'step-finished' && event['step'] === 'begin:mail');
  return { changed: step?.['changed'] === true, exitCode, text: stdout + stderr };
}

const calls = (unit: FakeUnit): string[] => unit.read('/calls').split('\n');

test('is set up, started, left alone, set up anew, and switched off', async () => {
  const unit = makeUnit();
  expect(await apply(unit, {})).toMatchObject({ exitCode: 0, changed: false });

  const first = await apply(unit, RELAY);
  expect(first).toMatchObject({ exitCode: 0, changed: true });
  expect(unit.tree()['/etc/postfix/unit-password']).toBe(`600 [mail.example.org]:587 shop:${PASSWORD}\n`);
  expect(unit.tree()['/etc/postfix/main.cf']).toContain('relayhost = [mail.example.org]:587');
  expect(calls(unit)).toEqual(
    expect.arrayContaining(['systemctl --quiet enable --no-reload -- postfix.service', 'systemctl restart --no-block -- postfix.service']),
  );
  const holders = Object.entries(unit.tree()).filter(([, text]) => text.includes('geheim'));
  expect(holders.map(([path]) => path).sort()).toEqual([
    '/answers.json',
    '/etc/postfix/unit-password',
    '/var/lib/unit/secrets/settings.mail.password',
  ]);
  for (const text of [first.text, unit.read('/var/lib/unit/journal.jsonl'), unit.read('/calls')]) expect(text).not.toContain('geheim');

  expect(await apply(unit, RELAY)).toMatchObject({ changed: false });
  expect(await apply(unit, { ...RELAY, port: 465, security: 'tls' })).toMatchObject({ changed: true });
  expect(unit.read('/etc/postfix/main.cf')).toContain('smtp_tls_wrappermode = yes');

  expect(await apply(unit, { mode: 'direct', senderAddress: 'shop@example.org' })).toMatchObject({ changed: true });
  expect(unit.tree()['/etc/postfix/unit-password']).toBeUndefined();

  expect(await apply(unit, { mode: 'none' })).toMatchObject({ changed: true });
  expect(Object.keys(unit.tree())).not.toContain('/etc/enabled-postfix.service');
  expect(Object.keys(unit.tree())).not.toContain('/run/fake/postfix.service');
  expect(await apply(unit, { mode: 'none' })).toMatchObject({ changed: false });
});

test('a run that was killed before the restart restarts it the next time', async () => {
  const unit = makeUnit();
  await apply(unit, RELAY);
  const restart = calls(unit).indexOf('systemctl restart --no-block -- postfix.service');
  const other = makeUnit();
  other.killAtCall(restart + 1);
  other.write('/answers.json', JSON.stringify({ schemaVersion: 1, mail: RELAY }));
  expect((await other.unitctl(['apply', '--answers', other.at('/answers.json')])).signal).toBe('SIGKILL');
  other.write('/calls', '');
  expect((await other.unitctl(['apply', '--resume'])).exitCode).toBe(0);
  expect(calls(other)).toContain('systemctl restart --no-block -- postfix.service');
});

test('one that does not start fails the run before the services, with its journal', async () => {
  const unit = makeUnit();
  unit.write('/broken-postfix.service', '');
  const outcome = await apply(unit, RELAY);
  expect(outcome).toMatchObject({ exitCode: 4, changed: true });
  expect(outcome.text).toContain('"type":"step-failed","step":"finish:mail-server"');
  expect(outcome.text).toContain('the journal of --boot');
  expect(outcome.text).not.toContain('"type":"step-started","step":"finish:services"');
});

test('where there is no Postfix, mail can only be off', async () => {
  expect(await apply(makeUnit(false), { mode: 'none' })).toMatchObject({ exitCode: 0 });
  const outcome = await apply(makeUnit(false), RELAY);
  expect(outcome).toMatchObject({ exitCode: 4 });
  expect(outcome.text).toContain('this unit has no Postfix');
});
