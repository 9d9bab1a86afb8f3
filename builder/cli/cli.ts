/** What a command file gets: the commander program to register with, and `run`, which gives its work a session. */
import type { Command } from 'commander';

import type { Cleanup } from '../kit/cleanup.ts';
import type { Context } from '../kit/context.ts';
import type { ExitCode } from '../kit/errors.ts';

/** One run of one command. */
export interface Session {
  ctx: Context;
  /** Run in reverse order when the command ends, however it ends. */
  cleanup: Cleanup;
  /** The command's result for people, on standard output; dropped with --json. */
  print(text: string): void;
}

export interface Cli {
  program: Command;
  /** Wraps a command's work as a commander action: events, log, cleanup, errors and exit code are taken care of. */
  run<Args extends unknown[]>(
    command: string,
    work: (session: Session, ...args: Args) => Promise<ExitCode>,
  ): (...args: Args) => Promise<void>;
}
