import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, expect, it, vi } from 'vitest';

import { Account, commandNames, type Event, eventsOf, inProcess } from '../../helpers/cli-bundle.ts';
import { fakeHost, mirrorOf, skeletonArchive, writeShop } from '../../helpers/cli-image.ts';

let archive: string;
let account: Account;

beforeAll(async () => {
  archive = await skeletonArchive();
});
beforeEach(async () => {
  account = new Account();
  fakeHost(account);
  vi.spyOn(process, 'cwd').mockReturnValue(account.cwd);
  await writeShop(account);
  writeFileSync(join(account.cwd, 'text'), 'no disk');
});

/** Every command at least once where it comes to its end, and once where it fails, if it can fail. */
const RUNS: [args: string[], code: number, last: 'result' | 'error'][] = [
  [['bake', 'shop', '--mirror', 'ARCHIVE'], 6, 'error'],
  [['check', 'shop'], 0, 'result'],
  [['check', './nothing'], 3, 'error'],
  [['check', '--schema'], 0, 'result'],
  [['lock', 'shop', '--mirror', 'ARCHIVE'], 0, 'result'],
  [['lock', 'shop', '--offline'], 5, 'error'],
  [['new', 'hello'], 0, 'result'],
  [['new', 'Hello there'], 2, 'error'],
  [['list'], 0, 'result'],
  [['pack', 'text', '--name', "o'shop"], 2, 'error'],
  [['inspect', '--rules'], 0, 'result'],
  [['inspect', 'missing.ova'], 2, 'error'],
  [['verify', 'text'], 2, 'error'],
  [['try', 'shop'], 2, 'error'],
  [['answers', 'shop'], 0, 'result'],
  [['answers', './nothing'], 3, 'error'],
  [['seed', 'shop', '--answers', 'missing.yaml'], 2, 'error'],
  [['cache', 'list'], 0, 'result'],
  [['cache', 'trim'], 0, 'result'],
  [['cache', 'verify'], 0, 'result'],
  [['cache', 'clear'], 0, 'result'],
];

it('knows every command', () => {
  const tried = new Set(RUNS.map(([[first = '', second = '']]) => (first === 'cache' ? `cache ${second}` : first)));
  // `doctor` has a test of its own: what it says depends on this machine. `cache` alone shows its help.
  expect([...tried, 'doctor', 'cache'].sort()).toEqual(
    commandNames()
      .map((words) => words.join(' '))
      .sort(),
  );
});

it.each(RUNS)('--json %j: lines of JSON on standard output alone, to the %i at the end', async (args, code, last) => {
  const words = args.map((word) => (word === 'ARCHIVE' ? mirrorOf(`file:${archive}`) : word));
  const outcome = await inProcess(account, ['--json', ...words]);
  expect({ code: outcome.code, stderr: outcome.stderr }).toEqual({ code, stderr: '' });
  const events = eventsOf(outcome);
  expect(outcome.stdout.endsWith('\n')).toBe(true);
  for (const { type, time } of events) {
    expect(type).toMatch(/^[a-z-]+$/);
    expect(time).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  }
  const [first, final] = [events[0], events.at(-1)] as [Event, Event];
  expect(first).toMatchObject({ type: 'run-started', command: args[0] === 'cache' ? `${args[0]} ${args[1]}` : args[0] });
  expect(existsSync(String(first['log']))).toBe(true);
  expect(events.filter(({ type }) => type === 'result' || type === 'error')).toEqual([final]);
  expect(final).toMatchObject(last === 'error' ? { type: 'error', exitCode: code } : { type: 'result', command: first['command'] });
});

it.each(RUNS.filter(([, code]) => code === 0))('--quiet %j: the result, and nothing else', async (args) => {
  const words = args.map((word) => (word === 'ARCHIVE' ? mirrorOf(`file:${archive}`) : word));
  const outcome = await inProcess(account, ['--quiet', ...words]);
  expect(outcome).toMatchObject({ code: 0, stderr: '' });
  expect(outcome.stdout).toMatch(/\S\n$/);
  expect(outcome.stdout).not.toContain('\u001b');
});

it('doctor --json says the same on every machine in the same way', async () => {
  const outcome = await inProcess(account, ['doctor', '--json']);
  const events = eventsOf(outcome);
  const errors = events.filter(({ type, severity }) => type === 'finding' && severity === 'error');
  expect(outcome).toMatchObject({ code: errors.length === 0 ? 0 : 4, stderr: '' });
  expect(events.at(-1)).toMatchObject({ type: 'result', command: 'doctor', data: { ready: errors.length === 0 } });
});
