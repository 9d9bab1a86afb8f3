/** What unitctl can fail with: what the owner can mend (`UnitError`), an outside program (`ProgramError`), a bug (the rest). */

/** Exit codes of unitctl; the table in firstboot/README.md is held to this by a test. */
export const ExitCode = {
  ok: 0,
  /** A probe or check did not pass, a service is not ready, or the certificate needs looking after. */
  notReady: 1,
  usage: 2,
  /** The answers file cannot be read or does not fit the settings schema. */
  answers: 3,
  /** A step failed; the journal and the message name it. `unitctl apply --resume` goes on after the cause is mended. */
  step: 4,
  /** Another run holds the unit. */
  busy: 5,
  /** This is no unit, its files are damaged, or it has no settings yet. */
  unit: 6,
  /** Answers were saved as a draft: the unit goes on waiting for the rest, or for its owner. */
  waiting: 7,
  internal: 70,
  interrupted: 130,
  terminated: 143,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** One problem of several that are reported together. Line and column count from 1. */
export interface Problem {
  message: string;
  file?: string;
  line?: number;
  column?: number;
  /** JSON pointer into the data. */
  path?: string;
  suggestion?: string;
  /** The schema keyword or the rule that found it. */
  keyword?: string;
  /** What the setup page says of it, where a rule found it. */
  texts?: SaidInEveryLanguage;
}

/** `file:line:column`, as far as they are known. */
export function placeOf({ file, line, column }: Problem): string {
  return [file, line, column].filter((part) => part !== undefined).join(':');
}

/** Where, and what. */
export function problemLine(problem: Problem): string {
  const { message, suggestion } = problem;
  const where = placeOf(problem);
  return `${where === '' ? '' : `${where}: `}${message}${suggestion === undefined ? '' : ` ${suggestion}`}`;
}

/** As contract/texts.ts has it. */
export type SaidInEveryLanguage = Record<'en' | 'ja' | 'ru', string>;

export interface UnitErrorOptions {
  exitCode: ExitCode;
  /** What the setup page says instead of message and remedies. Without it the page shows those, and that they are English. */
  texts?: SaidInEveryLanguage;
  /** What to do now: one sentence or command each. */
  remedies?: readonly string[];
  problems?: readonly Problem[];
  /** End of the log that shows the cause. */
  log?: readonly string[];
  cause?: unknown;
}

/** A failure that the unit's owner or the image's author can mend. */
export class UnitError extends Error {
  override readonly name = 'UnitError';
  readonly exitCode: ExitCode;
  readonly remedies: readonly string[];
  readonly problems: readonly Problem[];
  readonly log: readonly string[];
  readonly texts: SaidInEveryLanguage | undefined;

  constructor(message: string, options: UnitErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.exitCode = options.exitCode;
    this.remedies = options.remedies ?? [];
    this.problems = options.problems ?? [];
    this.log = options.log ?? [];
    this.texts = options.texts;
  }
}

export interface ProgramFailure {
  program: string;
  /** Undefined where it could not be started or died of a signal. */
  exitCode: number | undefined;
  signal: string | undefined;
  missing: boolean;
  timedOut: boolean;
  /** Last lines of standard output and standard error, as they came. */
  tail: readonly string[];
}

/** An outside program failed. Its arguments are not kept: they are in the log where they matter. */
export class ProgramError extends Error {
  override readonly name = 'ProgramError';
  readonly failure: ProgramFailure;

  constructor(failure: ProgramFailure) {
    super(describe(failure));
    this.failure = failure;
  }
}

function describe(failure: ProgramFailure): string {
  if (failure.missing) return `${failure.program} is not installed`;
  if (failure.timedOut) return `${failure.program} did not finish in time`;
  if (failure.signal !== undefined) return `${failure.program} was ended by ${failure.signal}`;
  const last = failure.tail.at(-1);
  return `${failure.program} failed with exit code ${failure.exitCode ?? 'unknown'}${last === undefined ? '' : `: ${last}`}`;
}

/** SIGINT or SIGTERM came: the run stops where it is, and the journal lets it go on. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly exitCode: ExitCode;

  constructor(signal: 'SIGINT' | 'SIGTERM') {
    super(signal === 'SIGINT' ? 'interrupted' : 'terminated');
    this.exitCode = signal === 'SIGINT' ? ExitCode.interrupted : ExitCode.terminated;
  }
}
