/**
 * The only importer of execa: every outside program is run from here. Arguments are arrays and never pass a shell,
 * standard input is closed unless given, the environment is small and explicit, and a cancelled program is asked to
 * stop (SIGTERM to its process group) before it is killed.
 */
import { execa } from 'execa';

import type { Context } from './context.ts';
import { Interrupted, ToolError } from './errors.ts';

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
  /** Seconds between asking the program to stop and killing it; 10 by default. */
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

/** The environment that programs get: what they need to find themselves and the host's package sources. */
export function baseEnvironment(env: Context['env']): Record<string, string> {
  const base: Record<string, string> = { LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' };
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && (INHERITED.includes(name) || INHERITED_PREFIXES.some((prefix) => name.startsWith(prefix)))) {
      base[name] = value;
    }
  }
  return base;
}

/** The command as a person would type it: for logs and --verbose. */
export function commandLine(program: string, args: readonly string[]): string {
  return [program, ...args].map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ');
}

/**
 * Runs a program to its end.
 * @throws ToolError where it is missing, fails, or runs out of time; Interrupted where the run was cancelled.
 */
export async function run(ctx: Context, program: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  ctx.signal.throwIfAborted();
  ctx.events.debug(`$ ${commandLine(program, args)}`);
  const grace = (options.grace ?? 10) * 1000;
  const child = execa(program, args, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...baseEnvironment(ctx.env), ...options.env },
    extendEnv: false,
    stdin: options.input === undefined ? 'ignore' : 'pipe',
    ...(options.input === undefined ? {} : { input: options.input }),
    ...(options.stdoutFile === undefined ? {} : { stdout: { file: options.stdoutFile } }),
    // A group of its own: a terminal's Ctrl-C must reach the program through us, so that cleanup keeps its order.
    detached: true,
    cleanup: false,
    reject: false,
    stripFinalNewline: true,
    maxBuffer: 256 * 1024 * 1024,
    ...(options.timeout === undefined ? {} : { timeout: options.timeout * 1000, forceKillAfterDelay: grace }),
  });

  let killTimer: NodeJS.Timeout | undefined;
  const killGroup = (signal: NodeJS.Signals): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, signal);
    } catch {
      // The group is gone already: that is what was wanted.
    }
  };
  const cancel = (): void => {
    killGroup('SIGTERM');
    killTimer = setTimeout(() => killGroup('SIGKILL'), grace);
  };
  ctx.signal.addEventListener('abort', cancel, { once: true });

  for (const stream of ['stdout', 'stderr'] as const) {
    if (options.stdoutFile !== undefined && stream === 'stdout') continue;
    if (options.quiet === true && options.onLine === undefined) continue;
    void consumeLines(child.iterable({ from: stream }), (line) => {
      if (options.quiet !== true) ctx.events.emit({ type: 'output', source: program, line });
      options.onLine?.(line, stream);
    });
  }

  const result = await child;
  ctx.signal.removeEventListener('abort', cancel);
  clearTimeout(killTimer);
  if (ctx.signal.aborted) throw ctx.signal.reason instanceof Interrupted ? ctx.signal.reason : new Interrupted('SIGINT');
  if (result.timedOut) killGroup('SIGKILL');

  const stdout = typeof result.stdout === 'string' ? result.stdout : '';
  const stderr = typeof result.stderr === 'string' ? result.stderr : '';
  const ok = options.okExitCodes ?? [0];
  if (result.exitCode !== undefined && ok.includes(result.exitCode)) return { exitCode: result.exitCode, stdout, stderr };
  throw new ToolError({
    program,
    args,
    exitCode: result.exitCode,
    signal: result.signal,
    missing: result.code === 'ENOENT',
    timedOut: result.timedOut,
    tail: (stderr.trim() === '' ? stdout : stderr).trimEnd().split('\n').slice(-TAIL_LINES),
  });
}

async function consumeLines(lines: AsyncIterable<unknown>, each: (line: string) => void): Promise<void> {
  try {
    for await (const line of lines) each(String(line));
  } catch {
    // A program that ends badly also ends its streams badly; its result says so.
  }
}

export interface Running {
  pid: number;
  /** Settles when the program ends, with its exit code (undefined after a signal). Never rejects. */
  ended: Promise<number | undefined>;
  /** Asks the process group to stop, kills it after `grace` seconds (10 by default), and waits for its end. */
  stop(grace?: number): Promise<void>;
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
  const child = execa(program, args, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...baseEnvironment(ctx.env), ...options.env },
    extendEnv: false,
    stdin: 'ignore',
    detached: true,
    cleanup: false,
    reject: false,
    buffer: false,
  });
  for (const stream of ['stdout', 'stderr'] as const) {
    void consumeLines(child.iterable({ from: stream }), (line) => {
      ctx.events.emit({ type: 'output', source: program, line });
      options.onLine?.(line, stream);
    });
  }
  const ended = child.then((result) => result.exitCode);
  const pid = child.pid;
  if (pid === undefined) {
    await ended;
    throw new ToolError({ program, args, exitCode: undefined, signal: undefined, missing: true, timedOut: false, tail: [] });
  }
  const signalGroup = (signal: NodeJS.Signals): void => {
    try {
      process.kill(-pid, signal);
    } catch {
      // Gone already.
    }
  };
  return {
    pid,
    ended,
    async stop(grace = 10) {
      signalGroup('SIGTERM');
      const timer = setTimeout(() => signalGroup('SIGKILL'), grace * 1000);
      await ended;
      clearTimeout(timer);
    },
  };
}
