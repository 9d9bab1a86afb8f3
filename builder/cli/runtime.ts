/** Turns a command's work into a commander action: reporters, log, signals, cleanup, errors and exit code. */
import { setMaxListeners } from 'node:events';
import { resolve } from 'node:path';
import { Command, CommanderError, Option } from 'commander';

import { Cleanup } from '../kit/cleanup.ts';
import type { Context } from '../kit/context.ts';
import { type EndSignal, ExitCode, Interrupted, ToolError, UserError } from '../kit/errors.ts';
import { type BuildEvent, Events } from '../kit/events.ts';
import { defaultCacheDir, defaultStateDir } from '../kit/paths.ts';
import { passwordsIn, Secrets } from '../kit/secrets.ts';
import { consoleReporter } from '../report/console.ts';
import { openLog } from '../report/logfile.ts';
import { ndjsonReporter } from '../report/ndjson.ts';
import type { Cli, Session } from './cli.ts';

/** The outside world, as main.ts hands it in; tests hand in their own. */
export interface Edge {
  env: Readonly<Record<string, string | undefined>>;
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
  /** Calls back on SIGINT, on SIGTERM, and where nobody reads the output any more; returns how to stop listening. */
  onSignal(callback: (signal: EndSignal) => void): () => void;
}

interface GlobalOptions {
  json?: boolean;
  quiet?: boolean;
  verbose?: boolean;
  cacheDir?: string;
}

const EXAMPLES = `
Examples:
  unitsmith doctor                     what this machine lacks for baking
  unitsmith new my-shop                the skeleton of an image of your own, in images/my-shop
  unitsmith check my-shop
  unitsmith bake my-shop               OVA and qcow2 in out/
  unitsmith try my-shop --finalise     boots it here; Ctrl-C ends it
  unitsmith bake --help                options and examples of one command`;

/** The program with all `commands`; `exitCode()` tells how the last run ended. */
export function createCli(
  edge: Edge,
  version: string,
  commands: readonly ((cli: Cli) => void)[],
  argv: readonly string[] = [],
): { program: Command; exitCode(): ExitCode } {
  let exitCode: ExitCode = ExitCode.ok;
  const program = new Command('unitsmith')
    .description('Bakes self-contained server appliances that anyone can import and finish in a browser')
    .version(version)
    .addOption(new Option('--json', 'write events, one JSON object a line, on standard output'))
    .addOption(new Option('-q, --quiet', 'only warnings, errors and the result').conflicts('verbose'))
    .addOption(new Option('-v, --verbose', 'also what outside programs print'))
    .addOption(
      new Option('--cache-dir <folder>', 'where results and downloads are kept (default: the XDG cache folder)').env('UNITSMITH_CACHE_DIR'),
    )
    .addHelpText('after', EXAMPLES)
    .showHelpAfterError('(add --help for examples)')
    .configureOutput({ writeOut: (text) => edge.stdout.write(text), writeErr: (text) => edge.stderr.write(text) })
    .exitOverride();
  const cli: Cli = {
    program,
    run:
      (command, work) =>
      async (...args) => {
        exitCode = await runSession(edge, argv, command, program.opts<GlobalOptions>(), (session) => work(session, ...args));
      },
  };
  for (const register of commands) register(cli);
  return { program, exitCode: () => exitCode };
}

/** Parses `argv` (without node and script) and runs the command. Never throws. */
export async function runCli(
  edge: Edge,
  version: string,
  commands: readonly ((cli: Cli) => void)[],
  argv: readonly string[],
): Promise<ExitCode> {
  const { program, exitCode } = createCli(edge, version, commands, argv);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode();
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
    throw error;
  }
}

async function runSession(
  edge: Edge,
  argv: readonly string[],
  command: string,
  options: GlobalOptions,
  work: (session: Session) => Promise<ExitCode>,
): Promise<ExitCode> {
  const secrets = loginsOf(edge, argv);
  const events = new Events();
  const controller = new AbortController();
  // Each program that runs listens: a dozen at once are no leak, of which node would warn.
  setMaxListeners(0, controller.signal);
  const cleanup = new Cleanup();
  const ctx: Context = { events, signal: controller.signal, cacheDir: cacheDirOf(options, edge), env: edge.env };
  const onSignal = (signal: EndSignal): void => {
    // Once: what is being cleaned up is not disturbed by another one.
    if (controller.signal.aborted) return;
    controller.abort(new Interrupted(signal));
    events.info('ending what was started');
  };
  const closers: (() => void)[] = [edge.onSignal(onSignal)];
  let code: ExitCode = ExitCode.ok;
  let thrown: { error: unknown } | undefined;
  try {
    closers.push(...attachReporters(edge, command, options, events, secrets));
    const print = (text: string): void => {
      if (options.json !== true) edge.stdout.write(`${secrets.scrub(text)}\n`);
    };
    code = await work({ ctx, cleanup, print });
  } catch (error) {
    thrown = { error };
  }
  const left = await cleanup.run();
  for (const { what, error } of left) events.warn(`could not clean up ${what}: ${String(error)}`);
  // After the cleanup: it is the last word, and says what is true then.
  if (thrown !== undefined) {
    const event = describeError(thrown.error, left.length === 0);
    events.emit(event);
    code = event.exitCode as ExitCode;
  }
  for (const close of closers.reverse()) close();
  return code;
}

function attachReporters(edge: Edge, command: string, options: GlobalOptions, events: Events, secrets: Secrets): (() => void)[] {
  const verbosity = options.quiet === true ? 'quiet' : options.verbose === true ? 'verbose' : 'normal';
  const closers: (() => void)[] = [];
  const log = openLogIfPossible(`${defaultStateDir(edge.env)}/log`, command, secrets);
  if ('listener' in log) {
    events.listen(log.listener);
    closers.push(log.close);
  }
  if (options.json === true) {
    events.listen(ndjsonReporter((line) => edge.stdout.write(line), secrets));
  } else {
    const screen = consoleReporter({ stream: edge.stderr, env: edge.env, verbosity, secrets });
    events.listen(screen.listener);
    closers.push(screen.close);
  }
  events.emit({ type: 'run-started', command, ...('path' in log ? { log: log.path } : {}) });
  if ('why' in log) events.warn(`there is no log of this run: ${log.why}`);
  return closers;
}

/** Passwords of mirrors and proxies: programs repeat the addresses that they are given. */
function loginsOf(edge: Edge, argv: readonly string[]): Secrets {
  const secrets = new Secrets();
  for (const text of [...argv, ...Object.values(edge.env)]) for (const password of passwordsIn(text ?? '')) secrets.register(password);
  return secrets;
}

/** A run is worth more than its log: where that cannot be made, the run goes on and says so. */
function openLogIfPossible(folder: string, command: string, secrets: Secrets): ReturnType<typeof openLog> | { why: string } {
  try {
    return openLog(folder, command, secrets);
  } catch (error) {
    return { why: (error as Error).message };
  }
}

/** Absolute: outside programs run in folders of their own. */
function cacheDirOf(options: GlobalOptions, edge: Edge): string {
  return options.cacheDir === undefined ? defaultCacheDir(edge.env) : resolve(options.cacheDir);
}

/** The one place where an error becomes words and an exit code. `clean`: what was begun is undone. */
export function describeError(error: unknown, clean = true): BuildEvent & { type: 'error' } {
  if (error instanceof Interrupted) {
    return {
      type: 'error',
      message: clean ? `${error.message}: everything that was started has been ended, nothing partial is left` : error.message,
      exitCode: error.exitCode,
    };
  }
  const full = whatFilledUp(error);
  if (full !== undefined) return full;
  if (error instanceof UserError) {
    return {
      type: 'error',
      message: error.message,
      exitCode: error.exitCode,
      ...(error.why === undefined ? {} : { why: error.why }),
      ...(error.remedies.length === 0 ? {} : { remedies: error.remedies }),
      ...(error.problems.length === 0 ? {} : { problems: error.problems }),
      ...(error.excerpt === undefined ? {} : { excerpt: error.excerpt }),
    };
  }
  if (error instanceof ToolError) return describeToolError(error);
  const refusal = describeRefusal(error as NodeJS.ErrnoException);
  if (refusal !== undefined) return refusal;
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    type: 'error',
    message: 'This is a bug in unitsmith',
    exitCode: ExitCode.internal,
    excerpt: { title: 'stack', lines: stack.split('\n') },
    remedies: ['please report it with the log file'],
  };
}

const DISK_FULL = {
  type: 'error',
  message: 'The disk is full',
  exitCode: ExitCode.host,
  remedies: ['free some space, or name another folder: --cache-dir FOLDER, --out FOLDER', 'see what can go: unitsmith cache list'],
} as const;

/** What the system refuses for reasons that lie in the user's files and folders: errno(3). */
const REFUSALS: Readonly<Record<string, string>> = {
  EACCES: 'you are not permitted to',
  EPERM: 'you are not permitted to',
  EROFS: 'the file system is mounted read-only',
  ENOTDIR: 'a part of the path is a file, not a folder',
  ENAMETOOLONG: 'the path is longer than the file system takes',
  EIO: 'the disk reports an error',
};

/** A full disk may stand behind any other error: as an errno, or in the words of an outside program. */
function whatFilledUp(error: unknown): (BuildEvent & { type: 'error' }) | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const why = cause === error ? {} : { why: (error as Error).message };
    if (['ENOSPC', 'EDQUOT'].includes((cause as NodeJS.ErrnoException).code ?? '')) return { ...DISK_FULL, ...why };
    // Programs run with the C locale, so this is what strerror(3) gives them.
    if (cause instanceof ToolError && cause.failure.tail.some((line) => line.includes('No space left on device'))) {
      return { ...DISK_FULL, why: (error as Error).message, ...excerptOf(cause) };
    }
  }
  return undefined;
}

function describeRefusal({ code = '', path, message }: NodeJS.ErrnoException): (BuildEvent & { type: 'error' }) | undefined {
  const why = REFUSALS[code];
  if (why === undefined || path === undefined) return undefined;
  return {
    type: 'error',
    message: `${path} cannot be used`,
    exitCode: ExitCode.host,
    why: `${why} (${message})`,
    remedies: ['see who owns it, and what it is: ls -ld, df', 'or name other folders: --cache-dir FOLDER, --out FOLDER'],
  };
}

function describeToolError(error: ToolError): BuildEvent & { type: 'error' } {
  const { failure } = error;
  return {
    type: 'error',
    message: error.message,
    exitCode: failure.missing ? ExitCode.host : ExitCode.tool,
    remedies: failure.missing
      ? ['unitsmith doctor tells what this machine lacks and how to install it']
      : ['the log file has the whole output'],
    ...excerptOf(error),
  };
}

function excerptOf({ failure }: ToolError): { excerpt?: { title: string; lines: readonly string[] } } {
  return failure.tail.length === 0 ? {} : { excerpt: { title: `last lines of ${failure.program}`, lines: failure.tail } };
}
