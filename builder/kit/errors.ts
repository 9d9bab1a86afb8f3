/**
 * Errors of three kinds: what the user can mend (`UserError`), an outside program's failure (`ToolError`), and
 * everything else, which is a bug and keeps its stack. `main.ts` is the one place that prints them.
 */

/** Exit codes of the `unitsmith` command; the table in builder/README.md is held to this by a test. */
export const ExitCode = {
  ok: 0,
  /** A check ran to its end and found something: `check`, `inspect`, `verify`. */
  findings: 1,
  usage: 2,
  definition: 3,
  /** The host lacks a program, a version, disk space or memory. */
  host: 4,
  /** A source is unreachable, or what came does not match its hash. */
  source: 5,
  bake: 6,
  audit: 7,
  proof: 8,
  /** Another build holds the cache or the output. */
  busy: 9,
  /** An outside program failed in a way that none of the above names. */
  tool: 10,
  internal: 70,
  interrupted: 130,
  /** Whoever read the output went away, as `head` does. */
  unread: 141,
  terminated: 143,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** Where in a file a problem is: 1-based line and column, as editors count; `path` is a JSON pointer into the data. */
export interface Location {
  file: string;
  line?: number;
  column?: number;
  path?: string;
}

/** One problem of several that are reported together. */
export interface Problem {
  message: string;
  where?: Location;
  /** What to do about it, as a sentence. */
  suggestion?: string;
}

export interface UserErrorOptions {
  exitCode: ExitCode;
  /** Why it happened, if the message does not say so. */
  why?: string;
  /** What to do now: one sentence or command each. */
  remedies?: readonly string[];
  problems?: readonly Problem[];
  /** The end of a log, console or journal that shows the cause. */
  excerpt?: { title: string; lines: readonly string[] };
  cause?: unknown;
}

/** A failure that the user can cause and mend: says what, where, why and what to do. */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly exitCode: ExitCode;
  readonly why: string | undefined;
  readonly remedies: readonly string[];
  readonly problems: readonly Problem[];
  readonly excerpt: UserErrorOptions['excerpt'];

  constructor(message: string, options: UserErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.exitCode = options.exitCode;
    this.why = options.why;
    this.remedies = options.remedies ?? [];
    this.problems = options.problems ?? [];
    this.excerpt = options.excerpt;
  }
}

export interface ToolFailure {
  program: string;
  args: readonly string[];
  /** Undefined where the program could not be started or died of a signal. */
  exitCode: number | undefined;
  signal: string | undefined;
  /** The program could not be started: it is not on PATH. */
  missing: boolean;
  timedOut: boolean;
  /** Last lines of what it wrote on standard error (or standard output where that is empty). */
  tail: readonly string[];
}

/** An outside program failed. `kit/command.ts` throws it; callers that know better turn it into a `UserError`. */
export class ToolError extends Error {
  override readonly name = 'ToolError';
  readonly failure: ToolFailure;

  constructor(failure: ToolFailure) {
    super(describeFailure(failure));
    this.failure = failure;
  }
}

function describeFailure(failure: ToolFailure): string {
  if (failure.missing) return `${failure.program} is not installed`;
  if (failure.timedOut) return `${failure.program} did not finish in time`;
  if (failure.signal !== undefined) return `${failure.program} was ended by ${failure.signal}`;
  return `${failure.program} failed with exit code ${failure.exitCode ?? 'unknown'}`;
}

const ENDS = {
  SIGINT: { message: 'Interrupted', exitCode: ExitCode.interrupted },
  SIGTERM: { message: 'Terminated', exitCode: ExitCode.terminated },
  SIGPIPE: { message: 'Nobody reads the output any more', exitCode: ExitCode.unread },
} as const;
export type EndSignal = keyof typeof ENDS;

/** The run was cancelled by Ctrl-C, SIGTERM or a closed pipe; carries the exit code that a shell expects. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly exitCode: ExitCode;

  constructor(signal: EndSignal) {
    super(ENDS[signal].message);
    this.exitCode = ENDS[signal].exitCode;
  }
}
