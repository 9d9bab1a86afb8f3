/** What every outside source of settings is: one file each, listed in index.ts. */
import { ExitCode, type Problem, ProgramError, UnitError } from '../kit/errors.ts';
import type { System } from '../kit/system.ts';
import { ANSWERS_VERSION, type Layer, type SourceName, type Violation, validateBy } from '../settings/index.ts';
import { parseAnswers } from './answers-file.ts';

export interface SourceContext {
  system: System;
  productSchema: object | undefined;
  /** A line for the journal: about what could not be looked at, never a value. */
  note(line: string): void;
}

/** Answers with the way from a violation to its place in them. */
export interface LocatedLayer extends Layer {
  locate(violation: Violation): Problem;
}

/** What a source has. */
export interface Reading {
  /** In the order in which they win; empty where the source is there and says nothing of ours. */
  layers: readonly LocatedLayer[];
  /** Why parts of it, or all, could not be read. */
  problems: readonly Problem[];
  /** Takes the answers away from where they came, as far as that is possible: they are saved, and may hold secrets. */
  clear(context: SourceContext): Promise<void>;
}

export interface Source {
  name: SourceName;
  /** Undefined where this unit has no such source. Nothing is changed. */
  read(context: SourceContext): Promise<Reading | undefined>;
}

/** A file has a version of its own, which the merged answers would not miss. */
const FILE_SCHEMA = {
  type: 'object',
  required: ['schemaVersion'],
  properties: { schemaVersion: { const: ANSWERS_VERSION, description: 'Version of the answers file' } },
};

/** An answers file as a layer. `file` is what messages call it; bytes that are no UTF-8 are a problem, not replaced. */
export function readLayer(source: SourceName, bytes: Uint8Array, file: string): Pick<Reading, 'layers' | 'problems'> {
  try {
    const parsed = parseAnswers(new TextDecoder('utf-8', { fatal: true }).decode(bytes), file);
    const violations = validateBy(FILE_SCHEMA, parsed.data);
    if (violations.length > 0) return { layers: [], problems: violations.map((violation) => parsed.locate(violation)) };
    return { layers: [{ source, answers: parsed.data as Record<string, unknown>, locate: parsed.locate }], problems: [] };
  } catch (error) {
    if (error instanceof TypeError) return { layers: [], problems: [{ message: 'this is not UTF-8 text', file }] };
    if (!(error instanceof UnitError) || error.exitCode !== ExitCode.answers) throw error;
    return { layers: [], problems: error.problems.length > 0 ? error.problems : [{ message: error.message }] };
  }
}

/** What is said of a source that cannot be read. @throws what is no failure of a file or program */
export function unreadable(error: unknown, file: string): Problem {
  if (error instanceof ProgramError || error instanceof UnitError || (error as NodeJS.ErrnoException).code !== undefined)
    return { message: `cannot be read: ${(error as Error).message}`, file };
  throw error;
}
