import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

import { runCtl } from '../../../../firstboot/ctl/cli.ts';
import { commandsFor } from '../../../../firstboot/ctl/index.ts';
import { withoutSecrets } from '../../../../firstboot/ctl/settings.ts';
import { stateOf } from '../../../../firstboot/ctl/state.ts';
import { readUnit } from '../../../../firstboot/ctl/unit-files.ts';
import { ExitCode } from '../../../../firstboot/kit/errors.ts';
import { System } from '../../../../firstboot/kit/system.ts';
import { writeDraft } from '../../../../firstboot/sources/draft.ts';
import { EMPTY_UNIT } from '../../../integration/firstboot/fake-unit.ts';

async function unitctl(...argv: string[]): Promise<{ exitCode: number; out: string; err: string }> {
  const said = { out: '', err: '' };
  const edge = {
    path: '/usr/bin:/bin',
    signal: new AbortController().signal,
    stdout: (text: string) => {
      said.out += text;
    },
    stderr: (text: string) => {
      said.err += text;
    },
  };
  return { exitCode: await runCtl(edge, await commandsFor(argv), argv), ...said };
}

describe('unitctl', () => {
  test.each([
    'status',
    'code',
    'open-setup',
    'close-setup',
    'new-identity',
    'plan',
    'apply',
    'adopt',
    'probe',
    'settings get',
    'services start',
    'services stop',
    'services restart',
    'services status',
    'plugin list',
    'plugin add',
    'plugin remove',
    'mail test',
    'doctor',
    'logs',
    'support-bundle',
    'settings set',
    'settings unset',
    'settings edit',
    'settings export',
    'updates status',
    'updates on',
    'updates off',
    'updates run',
    'reset',
  ])('%s has help with examples', async (command) => {
    const { exitCode, out } = await unitctl(...command.split(' '), '--help');
    expect(exitCode).toBe(0);
    expect(out).toContain('Examples:\n  unitctl ');
  });

  test.each([['nonsense'], ['probe', 'other'], ['apply', '--nonsense'], ['apply', '--kept', '--resume'], ['new-identity']])(
    '%s is a wrong call',
    async (...argv) => {
      const { exitCode, err } = await unitctl(...argv);
      expect(exitCode).toBe(ExitCode.usage);
      expect(err).not.toBe('');
    },
  );

  test('errors are objects with --json, before or after the command', async () => {
    for (const argv of [
      ['status', '--json'],
      ['--json', 'status'],
    ]) {
      const { exitCode, out } = await unitctl('--root', '/no/such/root', ...argv);
      expect(exitCode).toBe(ExitCode.unit);
      expect(JSON.parse(out)).toMatchObject({ type: 'error', exitCode: 6, message: expect.stringContaining('this is no unit') });
    }
  });

  test('the README lists every exit code', () => {
    const readme = readFileSync(join(import.meta.dirname, '../../../../firstboot/README.md'), 'utf8');
    for (const code of new Set(Object.values(ExitCode))) expect(readme).toMatch(new RegExp(`^\\| ${code} +\\|`, 'm'));
  });
});

test.each([
  [{ finalised: false, unfinished: false, failed: false, up: false }, 'waiting'],
  [{ finalised: false, unfinished: true, failed: false, up: false }, 'applying'],
  [{ finalised: false, unfinished: true, failed: true, up: false }, 'failed'],
  [{ finalised: true, unfinished: false, failed: false, up: true }, 'ready'],
  [{ finalised: true, unfinished: false, failed: false, up: false }, 'failed'],
  [{ finalised: true, unfinished: true, failed: true, up: true }, 'failed'],
])('%j is %s', (facts, state) => expect(stateOf(facts)).toBe(state));

test('the definition is that of the role that answers name so far', async () => {
  const root = mkdtempSync(join(tmpdir(), 'unitsmith-role-'));
  const system = new System({ root, path: '/usr/bin:/bin', signal: new AbortController().signal });
  mkdirSync(join(root, 'usr/lib/unit'), { recursive: true });
  const ready = { tcp: '127.0.0.1:1' };
  const services = { web: { ready }, store: { roles: ['node'], ready } };
  const roles = { main: { title: { en: 'Main' } }, node: { title: { en: 'Node' } } };
  writeFileSync(join(root, 'usr/lib/unit/unit.json'), JSON.stringify({ ...EMPTY_UNIT, roles, services }));
  const inRole = async (role: string): Promise<string[]> => {
    await writeDraft(system, [{ source: 'wizard', answers: { schemaVersion: 1, cluster: { role } } }]);
    return Object.keys((await readUnit(system)).services);
  };
  expect(await inRole('main')).toEqual(['web']);
  expect(await inRole('node')).toEqual(['web', 'store']);
});

test('shown settings hold no secret', () => {
  const settings = { a: { password: 'x' }, b: 1 };
  expect(withoutSecrets(settings, ['a.password', 'c.none'])).toEqual({ a: { password: '(set)' }, b: 1 });
  expect(settings.a.password).toBe('x');
});
