/**
 * The only module that runs outside programs. Arguments are arrays and never pass a shell, standard input is closed
 * unless given, the environment is small and explicit, and output is kept as a tail only: a log is no place for data.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

import { ProgramError } from './errors.ts';

export interface RunOptions {
  cwd?: string;
  /** Added to PATH, LANG and HOME. Never secrets: any process of the same user can read another's environment. */
  env?: Record<string, string>;
  /** Written to standard input; the way for secrets into a program. */
  input?: string;
  /** Seconds until the program's process group is killed. */
  timeout?: number;
  /** Exit codes that are no failure; 0 by default. */
  okExitCodes?: readonly number[];
  /** Every line of standard output and standard error as it comes. */
  onLine?: (line: string) => void;
  /** For editors and the like: it has our terminal, stays in our process group, and its output is not kept. */
  terminal?: boolean;
  /** An open file handed over as descriptor 3. */
  fd3?: number;
}

export interface RunResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

export interface Surroundings {
  path: string;
  signal: AbortSignal;
}

const MAX_OUTPUT = 4 * 1024 * 1024;
const TAIL_LINES = 40;
const GRACE_SECONDS = 10;

/**
 * Runs a program to its end.
 * @throws ProgramError where it is missing, fails, or runs out of time; the signal's reason where the run was cancelled.
 */
export async function runProgram(
  around: Surroundings,
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  around.signal.throwIfAborted();
  const tail: string[] = [];
  const child = spawn(program, args, {
    cwd: options.cwd ?? '/',
    env: { PATH: around.path, LANG: 'C.UTF-8', HOME: '/root', ...options.env },
    stdio:
      options.terminal === true
        ? 'inherit'
        : [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe', ...(options.fd3 === undefined ? [] : [options.fd3])],
    // A group of its own, so that what the program started ends with it. One of the background may not use the terminal.
    detached: options.terminal !== true,
  });
  const stopper = stopLater(options.terminal === true ? undefined : child.pid, around.signal, options.timeout);
  if (options.input !== undefined && child.stdin !== null) {
    // A program that does not read its input is no failure of ours: its exit code says what it made of it.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input);
  }
  const line = (text: string): void => {
    tail.push(text);
    if (tail.length > TAIL_LINES) tail.shift();
    options.onLine?.(text);
  };
  const [ended, stdout, stderr] = await Promise.all([
    new Promise<{ code: number | null; signal: NodeJS.Signals | null; error?: NodeJS.ErrnoException }>((resolve) => {
      child.once('error', (error: NodeJS.ErrnoException) => resolve({ code: null, signal: null, error }));
      child.once('close', (code, signal) => resolve({ code, signal }));
    }),
    collect(child.stdout, line),
    collect(child.stderr, line),
  ]).finally(() => stopper.clear());
  around.signal.throwIfAborted();
  const ok = options.okExitCodes ?? [0];
  if (!stopper.timedOut() && ended.code !== null && ok.includes(ended.code)) return { exitCode: ended.code, stdout, stderr };
  throw new ProgramError({
    program,
    exitCode: ended.code ?? undefined,
    signal: ended.signal ?? undefined,
    missing: ended.error?.code === 'ENOENT',
    timedOut: stopper.timedOut(),
    tail: ended.error === undefined || ended.error.code === 'ENOENT' ? tail : [...tail, ended.error.message],
  });
}

/** All of the output as it came, but for its last line break: readline takes more for a line's end than a newline. */
async function collect(stream: Readable | null, line: (text: string) => void): Promise<string> {
  if (stream === null) return '';
  let text = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    if (text.length < MAX_OUTPUT) text += chunk;
  });
  for await (const part of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) line(part);
  return text.replace(/\r?\n$/, '');
}

/** Ends the process group on cancellation and after `timeout` seconds: asked first, killed after a while. */
function stopLater(pid: number | undefined, signal: AbortSignal, timeout: number | undefined): { clear(): void; timedOut(): boolean } {
  let late = false;
  let hard: NodeJS.Timeout | undefined;
  const kill = (name: NodeJS.Signals): void => {
    if (pid === undefined) return;
    try {
      process.kill(-pid, name);
    } catch {
      // The group is gone: that is what was wanted.
    }
  };
  const stop = (): void => {
    kill('SIGTERM');
    hard ??= setTimeout(() => kill('SIGKILL'), GRACE_SECONDS * 1000);
  };
  signal.addEventListener('abort', stop, { once: true });
  const timer =
    timeout === undefined
      ? undefined
      : setTimeout(() => {
          late = true;
          stop();
        }, timeout * 1000);
  return {
    clear() {
      clearTimeout(timer);
      clearTimeout(hard);
      signal.removeEventListener('abort', stop);
    },
    timedOut: () => late,
  };
}
