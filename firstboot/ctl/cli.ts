/** What a command of unitctl gets, and how its end becomes an exit code. */
import { Command, CommanderError } from 'commander';

import { ExitCode, Interrupted, ProgramError, problemLine, UnitError } from '../kit/errors.ts';
import { System } from '../kit/system.ts';

/** The process, as unitctl sees it. */
export interface Edge {
  path: string;
  stdout(text: string): void;
  stderr(text: string): void;
  signal: AbortSignal;
  /** A line from the terminal or from standard input; undefined at its end. */
  ask?: Ask;
  /** $EDITOR. */
  editor?: string | undefined;
}

/** `hidden`: what is typed is not shown. */
export type Ask = (question: string, options?: { hidden?: boolean }) => Promise<string | undefined>;

export interface Session {
  system: System;
  json: boolean;
  /** A line for people; dropped with --json. */
  print(text: string): void;
  /** An object for machines, one a line; dropped without --json. */
  emit(object: object): void;
  ask: Ask;
  /** Program that edits a file. */
  editor: string;
}

export interface Ctl {
  program: Command;
  /** Wraps a command's work as a commander action. The last argument but one of an action is its options. */
  run<Args extends unknown[]>(work: (session: Session, ...args: Args) => Promise<ExitCode>): (...args: Args) => Promise<void>;
}

/** Runs unitctl with `argv` (without node and script) and returns its exit code. */
export async function runCtl(edge: Edge, register: readonly ((ctl: Ctl) => void)[], argv: readonly string[]): Promise<ExitCode> {
  const program = new Command('unitctl')
    .description('Sets this unit up and looks after it.')
    .option('--json', 'write JSON, one object a line')
    .option('--root <folder>', 'work on a unit whose root folder is elsewhere', '/')
    .exitOverride()
    .showHelpAfterError('(unitctl --help shows the commands)')
    .configureOutput({ writeOut: (text) => edge.stdout(text), writeErr: (text) => edge.stderr(text) });
  let exitCode: ExitCode = ExitCode.ok;
  const ctl: Ctl = {
    program,
    run:
      (work) =>
      async (...args) => {
        exitCode = await work(makeSession(edge, program), ...args);
      },
  };
  for (const each of register) each(ctl);
  inheritExit(program);
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    return report(edge, jsonWanted(program, argv), error);
  }
}

/** Subcommands made by `.command()` copy these settings only when they are made after; commands may nest. */
function inheritExit(command: Command): void {
  for (const child of command.commands) {
    child.copyInheritedSettings(command);
    inheritExit(child);
  }
}

function makeSession(edge: Edge, program: Command): Session {
  const { root } = program.opts<{ root: string }>();
  const json = jsonWanted(program, []);
  return {
    system: new System({ root, path: edge.path, signal: edge.signal }),
    json,
    print: (text) => {
      if (!json) edge.stdout(`${text}\n`);
    },
    emit: (object) => {
      if (json) edge.stdout(`${JSON.stringify(object)}\n`);
    },
    ask: edge.ask ?? (() => Promise.resolve(undefined)),
    editor: edge.editor ?? 'nano',
  };
}

/** `--json` stands before or after the command's name. */
function jsonWanted(program: Command, argv: readonly string[]): boolean {
  return program.opts<{ json?: boolean }>().json === true || argv.includes('--json');
}

function report(edge: Edge, json: boolean, error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
  if (error instanceof Interrupted) {
    edge.stderr(`${error.message}: \`unitctl apply --resume\` goes on\n`);
    return error.exitCode;
  }
  const exitCode = error instanceof UnitError ? error.exitCode : ExitCode.internal;
  if (json) edge.stdout(`${JSON.stringify({ type: 'error', exitCode, ...described(error) })}\n`);
  else edge.stderr(words(error));
  return exitCode;
}

function described(error: unknown): object {
  if (!(error instanceof UnitError)) return { message: error instanceof Error ? error.message : String(error) };
  const { message, problems, remedies, log } = error;
  return { message, problems, remedies, log };
}

function words(error: unknown): string {
  if (error instanceof ProgramError)
    return `${[`error: ${error.message}`, ...error.failure.tail.map((line) => `    ${line}`)].join('\n')}\n`;
  if (!(error instanceof UnitError)) return `internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`;
  const problems = error.problems.map((problem) => `  ${problemLine(problem)}`);
  const log = error.log.map((line) => `    ${line}`);
  const remedies = error.remedies.map((remedy) => `  -> ${remedy}`);
  return `${[`error: ${error.message}`, ...problems, ...log, ...remedies].join('\n')}\n`;
}
