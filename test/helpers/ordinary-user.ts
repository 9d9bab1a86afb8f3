import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';

/** Somebody who is not root, for what must work without being root. */
export interface OrdinaryUser {
  name: string;
  /** A folder that belongs to the user. */
  home: string;
  /** argv that runs `argv` as the user. */
  argv(argv: readonly string[]): string[];
  remove(): void;
}

/** Users of this process so far: each has a name of its own. */
let made = 0;

/** The caller, or, where that is root, a user made for this run (with ids of its own to map, as adduser gives them). */
export function ordinaryUser(): OrdinaryUser {
  if (process.geteuid?.() !== 0) return theUser(userInfo().username, mkdtempSync(join(homedir(), '.unitsmith-test-')));
  made += 1;
  const name = `unitsmith-test-${process.pid}-${made}`;
  const home = join('/var/tmp', name);
  execFileSync('useradd', ['--create-home', '--home-dir', home, '--shell', '/bin/bash', name]);
  execFileSync('install', ['-d', '-o', name, join(home, 'tmp')]);
  return theUser(name, home);
}

/** One that `ordinaryUser` has made, maybe in another process of this run. */
export function theUser(name: string, home: string): OrdinaryUser {
  if (process.geteuid?.() !== 0)
    return { name, home, argv: (argv) => [...argv], remove: () => rmSync(home, { recursive: true, force: true }) };
  const tmp = join(home, 'tmp');
  const setpriv = ['setpriv', `--reuid=${name}`, `--regid=${name}`, '--init-groups', '--'];
  return {
    name,
    home,
    // setpriv replaces itself by the program, so that signals reach it.
    argv: (argv) => [...setpriv, 'env', `HOME=${home}`, `USER=${name}`, `TMPDIR=${tmp}`, ...argv],
    remove: () => {
      spawnSync('userdel', ['--remove', name]);
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** `unitsmith` as users have it: packed by npm, installed outside the checkout. */
export interface Installed {
  command: string;
  user: OrdinaryUser;
}

export function installPackage(user: OrdinaryUser, checkout: string): Installed {
  const work = mkdtempSync(join(tmpdir(), 'packed-'));
  const packed = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--pack-destination', work], {
      cwd: checkout,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  ) as [{ filename: string }];
  const prefix = prefixOf(user);
  mkdirSync(prefix, { recursive: true });
  execFileSync('npm', ['install', '--global', '--no-audit', '--no-fund', '--prefix', prefix, join(work, packed[0].filename)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return installedFor(user);
}

/** What `installPackage` has installed for this user, maybe in another process of this run. */
export function installedFor(user: OrdinaryUser): Installed {
  const prefix = prefixOf(user);
  const remove = (): void => {
    user.remove();
    rmSync(prefix, { recursive: true, force: true });
  };
  return { command: join(prefix, 'bin', 'unitsmith'), user: { ...user, remove } };
}

function prefixOf({ name, home }: OrdinaryUser): string {
  return join(dirname(home), `${name}-prefix`);
}

export interface Outcome {
  exitCode: number | null;
  stderr: string;
  events: { type: string; [member: string]: unknown }[];
}

/** The error that a run ended with, as text; empty where it had none. */
export function errorOf({ events }: Outcome): string {
  return events
    .filter(({ type }) => type === 'error')
    .map((event) => JSON.stringify(event))
    .join('\n');
}

/** Runs a command of the installed package as the user with --json, and shows what it is at while it goes. */
export async function unitsmith(
  installed: Installed,
  args: readonly string[],
  onEvent?: (event: Outcome['events'][number], pid: number) => void,
): Promise<Outcome> {
  const [program, ...rest] = installed.user.argv([installed.command, '--json', ...args]);
  const child = spawn(program as string, rest, {
    cwd: installed.user.home,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environment(),
  });
  const events: Outcome['events'] = [];
  let stderr = '';
  let pending = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  child.stdout.on('data', (chunk: Buffer) => {
    const lines = (pending + chunk.toString()).split('\n');
    pending = lines.pop() ?? '';
    for (const line of lines) {
      const event = JSON.parse(line) as Outcome['events'][number];
      events.push(event);
      if (worthShowing(event)) process.stdout.write(`  ${args[0]}: ${shown(event)}\n`);
      onEvent?.(event, child.pid as number);
    }
  });
  const exitCode = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { exitCode, stderr, events };
}

/** What names folders of the caller: `npm run` adds those of npm. */
const CALLERS = ['XDG_CACHE_HOME', 'XDG_STATE_HOME', 'npm_config_cache', 'npm_config_userconfig'];

/** The runner's own, without what vitest adds and what names the caller's folders. */
function environment(): NodeJS.ProcessEnv {
  const env = { ...process.env };
  for (const name of ['NODE_OPTIONS', 'VITEST', ...CALLERS]) delete env[name];
  return env;
}

/** What a failed run is understood by: with a finding of verify, the console that it was read from. */
function worthShowing({ type, source }: Outcome['events'][number]): boolean {
  return /^stage-|^error|^finding/.test(type) || (type === 'output' && String(source).startsWith('verify'));
}

function shown(event: Outcome['events'][number]): string {
  const { type, time: _time, id: _id, ...rest } = event;
  return `${type} ${JSON.stringify(rest).slice(0, 2000)}`;
}

/** The user's processes with this in their command line, but for those that have ended and wait for init to take note. */
export function processesOf(user: OrdinaryUser, pattern: RegExp): string[] {
  const { stdout } = spawnSync('ps', ['-u', user.name, '-o', 'state=,args='], { encoding: 'utf8' });
  return stdout.split('\n').filter((line) => !line.startsWith('Z') && pattern.test(line));
}

/** Reads a JSON file, or undefined where it is missing. */
export function readJson(path: string): unknown {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
}
