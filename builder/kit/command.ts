/**
 * The only importer of execa: every outside program is run from here. Arguments are arrays and never pass a shell,
 * standard input is closed unless given, the environment is small and explicit, and a cancelled program is asked to
 * stop (SIGTERM to its process group) before it is killed.
 */
import { open } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { execa } from 'execa';

import type { Context } from './context.ts';
import { Interrupted, ToolError } from './errors.ts';
import { shellWord } from './shell-word.ts';

export interface RunOptions {
  cwd?: string;
  /** Added to the small base environment (PATH, HOME, LANG=C.UTF-8, TMPDIR and the host's proxy settings). */
  env?: Record<string, string>;
  /** Written to standard input, which is closed otherwise. */
  input?: string | Uint8Array;
  /** Seconds; none by default. */
  timeout?: number;
  /** Exit codes that are no failure; 0 by default. */
  okExitCodes?: readonly number[];
  /** Called with every line as it comes; lines go to the log as `output` events in any case. */
  onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
  /** Keeps lines out of the log: for programs that print data, not messages. */
  quiet?: boolean;
  /** Standard output goes to this file instead of memory. */
  stdoutFile?: string;
  /** Seconds between asking the program to stop and killing it; 10 by default, 0 hardly asks. */
  grace?: number;
}

export interface RunResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

const INHERITED = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'TMPDIR',
  'XDG_RUNTIME_DIR',
  'XDG_CACHE_HOME',
  'XDG_CONFIG_HOME',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'REQUESTS_CA_BUNDLE',
  'NODE_EXTRA_CA_CERTS',
]; // prettier-ignore
const INHERITED_PREFIXES = ['PIP_', 'npm_config_', 'NPM_CONFIG_', 'MAVEN_', 'APT_'];
const TAIL_LINES = 40;
/** Milliseconds without a word on the pipes of a program that has ended, after which nobody waits for more. */
const PIPES_AFTER_END = 1000;

const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** PATH with the folders of mke2fs, sfdisk and the like, which Debian leaves out of an ordinary user's. */
export function withSystemPath(path: string | undefined): string {
  const folders = (path ?? '/usr/local/bin:/usr/bin:/bin').split(':');
  return [...folders, ...SYSTEM_FOLDERS.filter((folder) => !folders.includes(folder))].join(':');
}

/** The environment that programs get: what they need to find themselves and the host's package sources. */
function baseEnvironment(env: Context['env']): Record<string, string> {
  const base: Record<string, string> = { LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' };
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && (INHERITED.includes(name) || INHERITED_PREFIXES.some((prefix) => name.startsWith(prefix)))) {
      base[name] = value;
    }
  }
  base.PATH = withSystemPath(env.PATH);
  return base;
}

/** The command as a person would type it: for logs and --verbose. */
export function commandLine(program: string, args: readonly string[]): string {
  return [program, ...args].map(shellWord).join(' ');
}

/**
 * Runs a program to its end.
 * @throws ToolError where it is missing, fails, or runs out of time; Interrupted where the run was cancelled.
 */
export async function run(ctx: Context, program: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  ctx.signal.throwIfAborted();
  ctx.events.debug(`$ ${commandLine(program, args)}`);
  // The program writes to the file itself: nothing passes through this process, whatever the size.
  const output = options.stdoutFile === undefined ? undefined : await open(options.stdoutFile, 'w');
  const child = execa(program, args, {
    ...spawnOptions(ctx, options),
    stdin: options.input === undefined ? 'ignore' : 'pipe',
    ...(options.input === undefined ? {} : { input: options.input }),
    ...(output === undefined ? {} : { stdout: output.createWriteStream() }),
    stripFinalNewline: true,
    maxBuffer: 256 * 1024 * 1024,
  });
  const leavePipes = (): void => {
    child.stdout?.destroy();
    child.stderr?.destroy();
  };
  // Another process may hold the pipes: the master of an SSH connection does until the remote command has ended, and a machine
  // that Packer leaves running for as long as it runs.
  const group = processGroup(child.pid, options.grace, leavePipes);
  let quiet: NodeJS.Timeout | undefined;
  child.once('exit', () => {
    const pipes = [child.stdout, child.stderr].filter((pipe) => pipe !== null) as Socket[];
    let before = -1;
    quiet = setInterval(() => {
      const read = pipes.reduce((sum, { bytesRead }) => sum + bytesRead, 0);
      if (read === before && pipes.every(({ readableLength }) => readableLength === 0)) leavePipes();
      before = read;
    }, PIPES_AFTER_END);
  });
  ctx.signal.addEventListener('abort', group.stop, { once: true });
  let timedOut = false;
  const onTimeout = (): void => {
    timedOut = true;
    group.stop();
  };
  const timer = options.timeout === undefined ? undefined : setTimeout(onTimeout, options.timeout * 1000);
  listenToLines(ctx, program, child, options);

  const result = await child;
  await output?.close();
  clearTimeout(timer);
  clearInterval(quiet);
  ctx.signal.removeEventListener('abort', group.stop);
  group.forget();
  if (ctx.signal.aborted) throw ctx.signal.reason instanceof Interrupted ? ctx.signal.reason : new Interrupted('SIGINT');

  const stdout = typeof result.stdout === 'string' ? result.stdout : '';
  const stderr = typeof result.stderr === 'string' ? result.stderr : '';
  const succeeded = result.exitCode !== undefined && (options.okExitCodes ?? [0]).includes(result.exitCode);
  if (succeeded && !timedOut) return { exitCode: result.exitCode ?? 0, stdout, stderr };
  throw new ToolError({
    program,
    args,
    exitCode: result.exitCode,
    signal: result.signal,
    missing: result.code === 'ENOENT',
    timedOut,
    tail: (stderr.trim() === '' ? stdout : stderr).trimEnd().split('\n').slice(-TAIL_LINES),
  });
}

/** What `run` and `start` spawn with. A process group of its own: Ctrl-C must reach the program through us, in order. */
function spawnOptions(ctx: Context, options: Pick<RunOptions, 'cwd' | 'env'>) {
  return {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...baseEnvironment(ctx.env), ...options.env },
    extendEnv: false,
    detached: true,
    cleanup: false,
    reject: false,
  } as const;
}

interface ProcessGroup {
  /** SIGTERM now, SIGKILL after the grace. */
  stop: () => void;
  kill: () => void;
  /** The program has ended: nothing is to be killed any more. */
  forget: () => void;
}

/** @param killed is called once nothing of the group can be alive any more, where `stop` did not end all of it */
function processGroup(pid: number | undefined, graceSeconds = 10, killed?: () => void): ProcessGroup {
  let timer: NodeJS.Timeout | undefined;
  const signal = (name: NodeJS.Signals): void => {
    if (pid === undefined) return;
    try {
      process.kill(-pid, name);
    } catch {
      // The group is gone already: that is what was wanted.
    }
  };
  return {
    stop: () => {
      signal('SIGTERM');
      timer ??= setTimeout(() => {
        signal('SIGKILL');
        killed?.();
      }, graceSeconds * 1000);
    },
    kill: () => signal('SIGKILL'),
    forget: () => clearTimeout(timer),
  };
}

type LineSource = { iterable(options: { from: 'stdout' | 'stderr' }): AsyncIterable<unknown> };

function listenToLines(ctx: Context, program: string, child: LineSource, options: RunOptions): void {
  for (const stream of ['stdout', 'stderr'] as const) {
    if (options.stdoutFile !== undefined && stream === 'stdout') continue;
    if (options.quiet === true && options.onLine === undefined) continue;
    void consumeLines(child.iterable({ from: stream }), (line) => {
      if (options.quiet !== true) ctx.events.emit({ type: 'output', source: program, line });
      options.onLine?.(line, stream);
    });
  }
}

async function consumeLines(lines: AsyncIterable<unknown>, each: (line: string) => void): Promise<void> {
  try {
    for await (const line of lines) each(String(line));
  } catch {
    // A program that ends badly also ends its streams badly; its result says so.
  }
}

/**
 * Runs a program that talks to the person at the terminal (sudo asks for a password there). What it writes goes to
 * standard error, because standard output belongs to our own result. Not in a process group of its own: it would lose
 * the terminal, and gets Ctrl-C from there.
 * @throws ToolError where it is missing or fails; Interrupted where the run was cancelled.
 */
export async function runOnTerminal(ctx: Context, program: string, args: readonly string[]): Promise<void> {
  ctx.signal.throwIfAborted();
  ctx.events.debug(`$ ${commandLine(program, args)}`);
  const env = { ...baseEnvironment(ctx.env), TERM: ctx.env.TERM ?? 'dumb' };
  const result = await execa(program, args, { env, extendEnv: false, stdin: 'inherit', stdout: 2, stderr: 2, reject: false });
  if (ctx.signal.aborted) throw ctx.signal.reason instanceof Interrupted ? ctx.signal.reason : new Interrupted('SIGINT');
  if (result.exitCode === 0) return;
  const missing = result.code === 'ENOENT';
  throw new ToolError({ program, args, exitCode: result.exitCode, signal: result.signal, missing, timedOut: false, tail: [] });
}

export interface Running {
  pid: number;
  /** Settles when the program ends, with its exit code (undefined after a signal). Never rejects. */
  ended: Promise<number | undefined>;
  /** Asks the process group to stop, kills it after `grace` seconds (10 by default), and waits for its end. */
  stop(grace?: number): Promise<void>;
  /** Kills the process group at once, and waits for its end. */
  kill(): Promise<void>;
}

/** Starts a program that keeps running (a virtual machine, a server). The caller stops it, best by a `Cleanup`. */
export async function start(
  ctx: Context,
  program: string,
  args: readonly string[],
  options: Pick<RunOptions, 'cwd' | 'env' | 'onLine'> = {},
): Promise<Running> {
  ctx.signal.throwIfAborted();
  ctx.events.debug(`$ ${commandLine(program, args)} &`);
  const child = execa(program, args, { ...spawnOptions(ctx, options), stdin: 'ignore', buffer: false });
  listenToLines(ctx, program, child, options);
  const ended = child.then((result) => result.exitCode);
  const pid = child.pid;
  if (pid === undefined) {
    await ended;
    throw new ToolError({ program, args, exitCode: undefined, signal: undefined, missing: true, timedOut: false, tail: [] });
  }
  return {
    pid,
    ended,
    async stop(grace = 10) {
      const group = processGroup(pid, grace);
      group.stop();
      await ended;
      group.forget();
    },
    async kill() {
      processGroup(pid).kill();
      await ended;
    },
  };
}
