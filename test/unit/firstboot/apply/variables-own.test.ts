/** Variables that each unit fills in itself: a leader leaves them, its follower has values for them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { SecretStore } from '../../../../firstboot/apply/secret-store.ts';
import {
  allTexts,
  fillOwn,
  makeSecrets,
  missingSecrets,
  renderTree,
  type VariablesStep,
} from '../../../../firstboot/apply/variables/render.ts';
import type { TreeFile } from '../../../../firstboot/contract/cluster.ts';
import { System } from '../../../../firstboot/kit/system.ts';

const STEP: VariablesStep = {
  id: 'core-files',
  title: { en: 'Core' },
  use: 'variables',
  with: {
    from: '/usr/share/shop',
    to: '/var/shop',
    values: { DOMAIN: '{{settings.domain.name}}' },
    own: { CORE_ID: '{{default settings.product.coreId "co1"}}', OWN_KEY: 'SECRET' },
  },
};
const FILES = {
  'CORE_ID-DOMAIN.json': '{ "id": "CORE_ID", "host": "CORE_ID.DOMAIN" }',
  'conf/a.conf': 'id CORE_ID; MY_CORE_ID DOMAIN',
  'conf/key': 'OWN_KEY',
  'plain.txt': 'CORE_IDS of DOMAIN',
};

describe("a unit's own variables", () => {
  const root = mkdtempSync(join(tmpdir(), 'unit-own-'));
  const system = new System({ root, path: '', signal: new AbortController().signal });
  const secrets = new SecretStore(system);
  const contextOf = (settings: object) => ({ system, context: { settings, secrets: {}, unit: {} }, secretSettings: [], secrets });
  const leader = contextOf({ domain: { name: 'example.org' }, product: {} });
  const follower = (coreId: string) => contextOf({ product: { coreId } });
  const textsOf = (files: readonly TreeFile[]) =>
    Object.fromEntries(files.map(({ path, data }) => [path, Buffer.from(data, 'base64').toString()]));
  const published = (step = STEP) => renderTree(step, step.with.values, leader);

  beforeAll(async () => {
    for (const [path, text] of Object.entries(FILES)) {
      mkdirSync(dirname(join(root, 'usr/share/shop', path)), { recursive: true });
      writeFileSync(join(root, 'usr/share/shop', path), text);
    }
    await makeSecrets([allTexts(STEP)], leader);
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it('stay as they are in what a leader gives out', async () => {
    const files = await published();
    expect(textsOf(files)).toEqual({
      'CORE_ID-example.org.json': '{ "id": "CORE_ID", "host": "CORE_ID.example.org" }',
      'conf/a.conf': 'id CORE_ID; MY_CORE_ID example.org',
      'conf/key': 'OWN_KEY',
      'plain.txt': 'CORE_IDS of example.org',
    });
    expect(files.filter(({ own }) => own === true).map(({ path }) => path)).toEqual([
      'CORE_ID-example.org.json',
      'conf/a.conf',
      'conf/key',
    ]);
  });

  it('are filled in by the follower, in names and texts; a file with a secret is closed', async () => {
    const files = await fillOwn(STEP, await published(), follower('co2'));
    const texts = textsOf(files);
    expect(texts).toMatchObject({
      'co2-example.org.json': '{ "id": "co2", "host": "co2.example.org" }',
      'conf/a.conf': 'id co2; MY_CORE_ID example.org',
      'plain.txt': 'CORE_IDS of example.org',
    });
    expect(texts['conf/key']).toMatch(/^[A-Za-z0-9]{32}$/);
    expect(files.find(({ path }) => path === 'conf/key')?.mode.toString(8)).toMatch(/0$/);
    expect(files.some((file) => 'own' in file)).toBe(false);
  });

  it('are filled in together with the values where a unit follows nobody', async () => {
    const texts = textsOf(await renderTree(STEP, allTexts(STEP), leader));
    expect(texts['co1-example.org.json']).toBe('{ "id": "co1", "host": "co1.example.org" }');
  });

  it('are quoted in JSON, and refused elsewhere where they would break out', async () => {
    const [json] = await published();
    const quoted = await fillOwn(STEP, [json as TreeFile], follower('a"b'));
    expect(JSON.parse(Object.values(textsOf(quoted))[0] ?? '')).toMatchObject({ id: 'a"b' });
    await expect(fillOwn(STEP, await published(), follower('a;b'))).rejects.toThrow('the value of CORE_ID has a character that');
  });

  it('cannot come in by a value of the leader', async () => {
    const step = { ...STEP, with: { ...STEP.with, values: { DOMAIN: 'CORE_ID.example.org' } } };
    await expect(published(step)).rejects.toThrow('the value of DOMAIN has CORE_ID in it');
  });

  it('and their secrets are no business of the leader', async () => {
    const empty = { ...leader, secrets: { read: () => Promise.resolve(undefined) } as unknown as SecretStore };
    expect(await missingSecrets([STEP.with.values], empty)).toEqual([]);
    expect(await missingSecrets([allTexts(STEP)], empty)).toEqual(['OWN_KEY']);
  });
});
