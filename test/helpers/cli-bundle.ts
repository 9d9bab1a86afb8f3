/** The command as it ships: dist/unitsmith.mjs, built once a test run, run as a child process in a home of its own. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { commands } from '../../builder/cli/index.ts';
import { createCli, type Edge, runCli } from '../../builder/cli/runtime.ts';
import { onceARun } from './once.ts';

export const CHECKOUT = fileURLToPath(new URL('../../', import.meta.url));
export const BUNDLE = join(CHECKOUT, 'dist', 'unitsmith.mjs');
export const VERSION = (JSON.parse(readFileSync(join(CHECKOUT, 'package.json'), 'utf8')) as { version: string }).version;

/** Builds dist/, once a run. For `beforeAll`. */
export async function buildBundle(): Promise<void> {
  await onceARun('bundle', () => {
    execFileSync(process.execPath, [join(CHECKOUT, 'builder', 'build.mjs')], { stdio: ['ignore', 'ignore', 'pipe'] });
  });
}

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Event {
  type: string;
  [member: string]: unknown;
}

export interface Running {
  child: ChildProcess;
  /** What has come on standard error so far. */
  stderr(): string;
  ended: Promise<Outcome>;
}

/** A person's account: a home, a working folder, and a PATH that begins with `bin`. */
export class Account {
  readonly root: string;
  readonly cwd: string;
  readonly cache: string;
  readonly out: string;
  /** Own programs stand in for the host's. */
  readonly bin: string;
  readonly env: Record<string, string>;

  constructor() {
    this.root = mkdtempSync(join(tmpdir(), 'account-'));
    this.cwd = join(this.root, 'work');
    this.cache = join(this.root, '.cache', 'unitsmith');
    this.out = join(this.cwd, 'out');
    this.bin = join(this.root, 'bin');
    const temporary = join(this.root, 'tmp');
    for (const folder of [this.cwd, this.bin, temporary]) mkdirSync(folder);
    const path = `${this.bin}:${process.env.PATH}:/usr/sbin:/sbin`;
    // By itself apt waits longer and longer between its attempts (apt.conf(5), Acquire::Retries::Delay).
    const impatient = join(this.bin, 'apt.conf');
    writeFileSync(impatient, 'Acquire::Retries::Delay "false";\n');
    this.env = { HOME: this.root, PATH: path, LANG: 'C.UTF-8', TMPDIR: temporary, TERM: 'xterm', APT_CONFIG: impatient };
  }

  /** A shell script in the place of an outside program. */
  program(name: string, body: string): void {
    writeFileSync(join(this.bin, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  }

  start(args: readonly string[], env: Record<string, string> = {}, argv: readonly string[] = [process.execPath, BUNDLE]): Running {
    const [program, ...first] = argv as [string, ...string[]];
    // A process group of its own, as a shell gives it: a test can signal the process or the group.
    const child = spawn(program, [...first, ...args], {
      cwd: this.cwd,
      env: { ...this.env, ...env },
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    const ended = new Promise<Outcome>((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
    return { child, stderr: () => stderr, ended };
  }

  run(args: readonly string[], env: Record<string, string> = {}): Promise<Outcome> {
    return this.start(args, env).ended;
  }

  /** What a command that failed, or was ended, has left: all of it must be nothing. */
  leftovers(): { out: string[]; temporary: string[]; cache: string[]; processes: string[] } {
    return {
      out: below(this.out),
      temporary: below(join(this.root, 'tmp')),
      cache: below(this.cache).filter((path) => /\.partial|^lock\.|^tmp\/./.test(path) && !/^downloads\/partial|^apt\//.test(path)),
      processes: [...this.running().values()],
    };
  }

  /** Processes that know this account's folder by argument or environment (zombies have neither), with their command lines. */
  running(): Map<number, string> {
    const found = new Map<number, string>();
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name) && name !== String(process.pid))) {
      try {
        const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        if (args.includes(this.root) || readFileSync(`/proc/${pid}/environ`, 'utf8').includes(this.root)) {
          found.set(Number(pid), args.replaceAll('\0', ' ').trim());
        }
      } catch {
        // It has ended meanwhile, or is somebody else's.
      }
    }
    return found;
  }
}

export const NOTHING = { out: [], temporary: [], cache: [], processes: [] };

function below(folder: string): string[] {
  return existsSync(folder) ? (readdirSync(folder, { recursive: true }) as string[]).sort() : [];
}

/** Every line of standard output as JSON: throws where one is not. */
export function eventsOf({ stdout }: Outcome): Event[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Event);
}

/**
 * The same command in this process, where neither signals nor streams matter: a start of Node takes longer than most
 * commands. The working folder is this process's own, unless the test stands in for `process.cwd`.
 */
export async function inProcess(account: Account, args: readonly string[], env: Record<string, string> = {}): Promise<Outcome> {
  const text = { stdout: '', stderr: '' };
  const sink = (name: 'stdout' | 'stderr'): NodeJS.WriteStream =>
    ({
      write: (chunk: string) => {
        text[name] += chunk;
        return true;
      },
    }) as NodeJS.WriteStream;
  const edge: Edge = {
    env: { ...account.env, ...env },
    stdout: sink('stdout'),
    stderr: sink('stderr'),
    onSignal: () => () => undefined,
  };
  return { code: await runCli(edge, VERSION, commands, args), ...text };
}

/** Every command and command of a command, as words: `cache trim`. */
export function commandNames(): string[][] {
  const program = createCli({ env: {} } as unknown as Edge, VERSION, commands).program;
  return program.commands.flatMap((command) => [[command.name()], ...command.commands.map((below) => [command.name(), below.name()])]);
}
