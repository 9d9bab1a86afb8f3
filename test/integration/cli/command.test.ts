import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import { Account, BUNDLE, buildBundle, commandNames, eventsOf, inProcess, NOTHING, VERSION } from '../../helpers/cli-bundle.ts';
import { until } from '../../helpers/once.ts';

let account: Account;

beforeAll(buildBundle, 120_000);
beforeEach(() => {
  account = new Account();
  vi.spyOn(process, 'cwd').mockReturnValue(account.cwd);
});

describe('--help', () => {
  it.each(commandNames())('%s %s shows examples that are commands of its own', async (...words) => {
    const names = words.filter((word) => word !== undefined);
    const { code, stdout, stderr } = await inProcess(account, [...names, '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const examples = stdout.slice(stdout.indexOf('Examples:'));
    expect(stdout).toContain('Examples:');
    expect(examples).toMatch(new RegExp(`unitsmith (--json )?${names.join(' ')}\\b`));
  });

  it('of the whole names every command, and shows examples', async () => {
    const { code, stdout } = await inProcess(account, ['--help']);
    expect(code).toBe(0);
    for (const name of ['bake', 'check', 'lock', 'new', 'list', 'pack', 'verify', 'try', 'answers', 'seed', 'cache', 'doctor']) {
      expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
    }
    expect(stdout).toContain('Examples:');
  });

  it('makes no folder and no log', async () => {
    await account.run(['bake', '--help']);
    expect(readdirSync(account.root).sort()).toEqual(['bin', 'tmp', 'work']);
  });
});

describe('wrong words', () => {
  it.each([
    [[], 'Usage: unitsmith'],
    [['bakk'], 'Did you mean bake?'],
    [['bake', '--ofline'], 'Did you mean --offline?'],
    [['bake', 'a', 'b'], 'too many arguments'],
    [['bake', '--offline', '--update'], 'cannot be used with'],
    [['lock', '--offline', '--update'], 'cannot be used with'],
    [['bake', '--verify', 'some'], 'Allowed choices are none, quick, full'],
    [['bake', '--hardware-version', '12'], 'a version from 8 to 22 is wanted'],
    [['--quiet', '--verbose', 'list'], 'cannot be used with'],
    [['cache', 'trim', '--days', '-1'], 'a whole number is wanted'],
    [['pack', 'disk.raw'], '--name'],
    [['seed', 'sphere'], '--answers'],
    [['new'], "missing required argument 'name'"],
  ])('%j ends with 2 and says so', async (args, words) => {
    const { code, stdout, stderr } = await inProcess(account, args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(words);
  });

  it('--formats with a name that is none', async () => {
    const { code, stderr } = await inProcess(account, ['bake', '--formats', 'ova,vhd']);
    expect(code).toBe(2);
    expect(stderr).toContain('vhd: no such format');
    expect(stderr).toContain('ova, qcow2');
  });

  it.each([
    ['--controller', 'ahci'],
    ['--nic', 'E1000'],
    ['--hardware-version', '13'],
    ['--firmware', 'efi'],
  ])('%s, which an OVA for VirtualBox does not follow', async (...option) => {
    for (const args of [['bake'], ['pack', 'disk.raw', '--name', 'shop']]) {
      const { code, stderr } = await inProcess(account, [...args, ...option, '--profile', 'virtualbox']);
      expect(code).toBe(2);
      expect(stderr).toContain(`${option[0]}: of no effect with --profile virtualbox`);
      expect(stderr).toContain(`leave out ${option[0]}`);
    }
  });

  it.each([['--ova-folder'], ['--nic', 'E1000'], ['--profile', 'virtualbox']])('%s where no OVA is made', async (...option) => {
    for (const args of [['bake'], ['pack', 'disk.raw', '--name', 'shop']]) {
      const { code, stderr } = await inProcess(account, [...args, ...option, '--formats', 'raw,vmdk']);
      expect(code).toBe(2);
      expect(stderr).toContain(`${option[0]}: of no effect without an OVA`);
      expect(stderr).toContain('--formats ova,raw,vmdk');
    }
    expect((await inProcess(account, ['pack', 'disk.raw', '--name', 'shop', '--title', 'x', '--formats', 'raw'])).stderr).toContain(
      '--title:',
    );
  });
});

describe('output', () => {
  it('--version is the version of the package', async () => {
    expect(await account.run(['--version'])).toEqual({ code: 0, stdout: `${VERSION}\n`, stderr: '' });
  });

  it('the result goes to standard output, all else to standard error, and the log is named first', async () => {
    const { code, stdout, stderr } = await account.run(['list']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^NAME.*\n[\s\S]*^sphere /m);
    const log = /^log: (.+)\n/.exec(stderr)?.[1];
    expect(log).toMatch(/\.local\/state\/unitsmith\/log\/list-.*\.log$/);
    expect(readFileSync(log ?? '', 'utf8')).toContain('run-started');
  });

  it.each([[['--json', 'list']], [['list', '--json']]])(
    '%j: nothing but JSON lines on standard output, nothing on standard error',
    async (args) => {
      const outcome = await inProcess(account, args);
      expect(outcome.stderr).toBe('');
      expect(eventsOf(outcome).map(({ type }) => type)).toEqual(['run-started', 'result']);
      for (const event of eventsOf(outcome)) expect(event['time']).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    },
  );

  it('--json tells an error as an event with its exit code', async () => {
    const outcome = await inProcess(account, ['--json', 'check', './nothing']);
    const error = eventsOf(outcome).at(-1);
    expect(error).toMatchObject({ type: 'error', exitCode: outcome.code, message: expect.stringContaining('nothing') as string });
    expect(outcome.stderr).toBe('');
  });

  it('--quiet shows the result alone, and still errors', async () => {
    expect(await inProcess(account, ['--quiet', 'list'])).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringContaining('sphere') as string,
    });
    expect((await inProcess(account, ['--quiet', 'check', './nothing'])).stderr).toMatch(/^error: /);
  });

  it('--verbose shows what is run', async () => {
    account.program('mmdebstrap', 'echo "mmdebstrap 1.4.3"');
    expect((await inProcess(account, ['--verbose', 'doctor'])).stderr).toContain('$ mmdebstrap --version');
    expect((await inProcess(account, ['doctor'])).stderr).not.toContain('$ mmdebstrap --version');
  });

  it('colours are for terminals, and NO_COLOR turns them off there too', async () => {
    const onTerminal = async (env: Record<string, string>): Promise<string> => {
      const command = `${process.execPath} ${BUNDLE} check ./nothing`;
      const { stdout } = await account.start([], env, ['script', '--quiet', '--return', '--command', command, '/dev/null']).ended;
      return stdout;
    };
    expect(await onTerminal({})).toContain('\u001b[31merror:');
    const plain = await onTerminal({ NO_COLOR: '1' });
    expect(plain).toContain('error:');
    expect(plain).not.toContain('\u001b[3');
    expect((await account.run(['check', './nothing'])).stderr).not.toContain('\u001b');
  });

  it.each([
    ['a reader that goes away early is no bug', '| true', 0, /^log: .*\n$/],
    ['a result that cannot be written is a failure', '> /dev/full', 4, /error: the result could not be written: ENOSPC.*\n$/],
  ])('%s', async (_what, redirection, expected, message) => {
    const command = `set -o pipefail; ${process.execPath} ${BUNDLE} check --schema ${redirection}`;
    const { code, stderr } = await account.start([], {}, ['bash', '-c', command]).ended;
    expect(stderr).toMatch(message);
    expect(code).toBe(expected);
  });
});

describe('where it keeps things', () => {
  it('follows the XDG folders and --cache-dir', async () => {
    const { stdout, stderr } = await inProcess(account, ['cache', 'list'], {
      XDG_CACHE_HOME: join(account.root, 'c'),
      XDG_STATE_HOME: join(account.root, 's'),
    });
    expect(stdout).toContain(`in ${join(account.root, 'c', 'unitsmith')}`);
    expect(stderr).toContain(`log: ${join(account.root, 's', 'unitsmith', 'log')}`);
    expect((await inProcess(account, ['--cache-dir', 'elsewhere', 'cache', 'list'])).stdout).toContain(
      `in ${join(account.cwd, 'elsewhere')}`,
    );
  });

  it('works where no log can be written, and says so', async () => {
    const { code, stdout, stderr } = await inProcess(account, ['list'], { XDG_STATE_HOME: '/dev/null' });
    expect(code).toBe(0);
    expect(stdout).toContain('sphere');
    expect(stderr).toMatch(/warning: .*log/);
  });

  it('an empty XDG_CACHE_HOME counts as unset', async () => {
    expect((await inProcess(account, ['cache', 'list'], { XDG_CACHE_HOME: '' })).stdout).toContain(`in ${account.cache}`);
  });
});

it('ends at once on Ctrl-C that comes before anything is begun', async () => {
  account.program('mmdebstrap', 'echo up > "$HOME/up"; sleep 60');
  const running = account.start(['doctor']);
  await until(() => readdirSync(account.root).includes('up'), 'doctor to look for mmdebstrap');
  running.child.kill('SIGINT');
  expect((await running.ended).code).toBe(130);
  expect(account.leftovers()).toEqual(NOTHING);
});
