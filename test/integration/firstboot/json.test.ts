/** What machines get: with --json every command ends in one result object, and writes nothing that is not JSON. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { CLUSTER_PATHS, type Follower } from '../../../firstboot/contract/cluster.ts';
import type { Unit } from '../../../firstboot/contract/unit.ts';
import { commandsFor } from '../../../firstboot/ctl/index.ts';
import { withRoles } from '../../../firstboot/settings/index.ts';
import { Maker } from '../../unit/firstboot/sections/certificate/made.ts';
import { link, NETWORKCTL } from './fake-networkd.ts';
import { EMPTY_UNIT, FakeUnit } from './fake-unit.ts';
import { unitctl } from './in-process.ts';

const roles: Unit['roles'] = { main: { title: { en: 'Main' } }, node: { title: { en: 'Node' }, follows: 'main' } };
const UNIT: Unit = {
  ...EMPTY_UNIT,
  roles,
  services: { web: { ready: { unit: 'web.service' } } },
  plugins: { theme: { title: { en: 'Themes' }, into: '/var/lib/shop/themes', suffix: '.tar' } },
};
const SCHEMA = withRoles({ type: 'object', additionalProperties: false, properties: { word: { type: 'string' } } }, roles);
const ID = '0123456789abcdef';
const HASH = 'a'.repeat(64);
const FOLLOWER: Follower = { role: 'node', name: 'node', key: HASH, invite: ID, joined: 1, seen: 1 };

/** Every command that people have, and how it is called here; in this order. @see names */
const CALLS: Readonly<Record<string, readonly string[]>> = {
  status: [],
  plan: [],
  probe: ['smoke'],
  doctor: ['disk'],
  logs: ['web'],
  'settings get': [],
  'settings set': ['product.word', 'one'],
  'settings unset': ['product.word'],
  'settings edit': [],
  'settings export': [],
  'updates status': [],
  'updates on': [],
  'updates off': [],
  'updates run': [],
  'network show': [],
  'network set': ['--address', '192.0.2.10/24'],
  'network dhcp': [],
  'network test': [],
  'cert show': [],
  'cert renew': [],
  'cert import': ['{root}/all.pem'],
  'mail test': [],
  'services start': [],
  'services stop': ['web'],
  'services restart': [],
  'services status': [],
  'plugin list': [],
  'plugin add': ['{root}/dark.tar'],
  'plugin remove': ['dark.tar'],
  'cluster invite': ['--role', 'node'],
  'cluster list': [],
  'cluster revoke': [ID],
  'cluster admin-key': [],
  'cluster status': [],
  'support-bundle': ['{root}/bundle.tar.gz'],
  'open-setup': [],
  code: [],
  'close-setup': [],
  adopt: [],
  apply: ['--resume'],
  'new-identity': ['--yes'],
  reset: ['--yes-really'],
};

let unit: FakeUnit;
let maker: Maker;
beforeAll(async () => {
  maker = new Maker();
  const { certificate, key } = maker.certificate('shop.example.org');
  unit = new FakeUnit('', UNIT, {
    '/usr/lib/unit/settings.schema.json': JSON.stringify(SCHEMA),
    '/answers.json': JSON.stringify({ schemaVersion: 1, cluster: { role: 'main' } }),
    '/all.pem': certificate + key,
    '/dark.tar': '',
    '/said/apt-config': "ON='1'\n",
    '/links.json': JSON.stringify([link(2, 'ens192')]),
    [CLUSTER_PATHS.leader]: JSON.stringify({ id: ID, role: 'node', addresses: ['192.0.2.1'], port: 1, fingerprint: HASH, invite: ID }),
    [join(CLUSTER_PATHS.serverState, 'followers', `${ID}.json`)]: JSON.stringify(FOLLOWER),
  });
  unit.write('/etc/passwd', `${unit.read('/etc/passwd')}unit-cluster:x:${process.getuid?.()}:${process.getgid?.()}::/:/bin/sh\n`);
  for (const [path, text] of [
    ['/bin/networkctl', NETWORKCTL],
    ['/bin/editor', '#!/bin/sh\n'],
    ['/usr/lib/unit/identity', '#!/bin/sh\necho a new identity\n'],
  ] as const)
    unit.write(path, text, 0o755);
  mkdirSync(unit.at('/var/lib/unit/setup'), { recursive: true });
  writeFileSync(unit.at('/var/lib/unit/setup/certificate.pem'), certificate);
  expect(await unitctl(unit, ['apply', '--answers', unit.at('/answers.json')])).toMatchObject({ exitCode: 0 });
});
afterAll(() => {
  for (const path of [unit.root, maker.folder]) rmSync(path, { recursive: true, force: true });
});

/** Words and option names of each command that the help shows. */
async function known(): Promise<Map<string, string[]>> {
  const program = new Command('unitctl');
  for (const register of await commandsFor([])) register({ program, run: () => () => Promise.resolve() });
  const below = (command: Command, words: readonly string[]): [string, string[]][] =>
    command
      .createHelp()
      .visibleCommands(command)
      .filter((each) => each.name() !== 'help')
      .flatMap((each) => {
        const name = [...words, each.name()];
        const nested = below(each, name);
        return nested.length > 0 ? nested : [[name.join(' '), each.options.map(({ long }) => long ?? '')]];
      });
  return new Map(below(program, []));
}

describe('with --json', () => {
  test('there is a call of every command here, and each says in its help that it has it', async () => {
    const all = await known();
    expect([...all.keys()].sort()).toEqual(Object.keys(CALLS).sort());
    expect([...all].filter(([, options]) => !options.includes('--json'))).toEqual([]);
  });

  test.each(Object.entries(CALLS))('%s writes one result', async (name, words) => {
    const args = words.map((word) => word.replace('{root}', unit.root));
    const { stderr, events } = await unitctl(unit, [...name.split(' '), ...args, '--json']);
    expect(stderr).toBe('');
    expect(events.filter(({ type }) => type === 'result' || type === 'error')).toEqual([
      { type: 'result', command: expect.any(String), data: expect.anything() },
    ]);
    expect(events.at(-1)?.['type']).toBe('result');
  });
});
