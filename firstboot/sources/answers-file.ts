/** An answers file: YAML 1.2 or JSON (which is YAML), with the place of every value for messages. */
import { open } from 'node:fs/promises';
import { LineCounter, parseDocument, YAMLError } from 'yaml';

import { ExitCode, type Problem, UnitError } from '../kit/errors.ts';
import type { Violation } from '../settings/index.ts';

/** A logo and a licence fit; what is larger is not an answers file. */
const MAX_BYTES = 4 * 1024 * 1024;

export interface AnswersFile {
  data: unknown;
  /** A violation with the file, line and column of what it is about, or of the nearest thing around it. */
  locate(violation: Violation): Problem;
}

/** @throws UnitError where the file cannot be read or is no YAML; all syntax errors at once */
export async function readAnswersFile(path: string): Promise<AnswersFile> {
  return parseAnswers(await readText(path), path);
}

/** `file` is what messages call it. */
export function parseAnswers(text: string, file: string): AnswersFile {
  const counter = new LineCounter();
  // A byte order mark is what some editors put in front of UTF-8; YAML allows it, JSON files have it by accident.
  const document = parseDocument(text.replace(/^\ufeff/, ''), { lineCounter: counter, prettyErrors: false, uniqueKeys: true });
  const place = (offset: number): Pick<Problem, 'line' | 'column'> => {
    const { line, col } = counter.linePos(offset);
    return { line, column: col };
  };
  if (document.errors.length > 0) {
    const problems = document.errors.map((error) => ({ message: withoutSource(error), file, ...place(error.pos[0]) }));
    throw new UnitError(`${file} is no valid YAML or JSON`, { exitCode: ExitCode.answers, problems });
  }
  return {
    data: toPlain(document, file),
    locate(violation) {
      const offset = offsetOf(document, violation.path);
      const suggestion = violation.suggestion === undefined ? {} : { suggestion: violation.suggestion };
      return { message: violation.message, file, path: violation.path, ...(offset === undefined ? {} : place(offset)), ...suggestion };
    },
  };
}

async function readText(path: string): Promise<string> {
  try {
    const handle = await open(path, 'r');
    try {
      const { size } = await handle.stat();
      if (size > MAX_BYTES) throw new UnitError(`${path} is too large for an answers file`, { exitCode: ExitCode.answers });
      return await handle.readFile('utf8');
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof UnitError) throw error;
    throw new UnitError(`${path} cannot be read: ${(error as Error).message}`, { exitCode: ExitCode.answers, cause: error });
  }
}

type Document = ReturnType<typeof parseDocument>;

function toPlain(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 }) as unknown;
  } catch (error) {
    throw new UnitError(`${file}: ${withoutSource(error as Error)}`, { exitCode: ExitCode.answers, cause: error });
  }
}

/** What the parser says with a piece of the file in the middle, by its code. */
const TAG = 'There is a tag (!) that is not known here; a text that begins with ! needs quotes';
const WORDS: Readonly<Record<string, string>> = {
  TAG_RESOLVE_FAILED: TAG,
  BAD_COLLECTION_TYPE: TAG,
  BAD_DIRECTIVE: 'There is a directive (%) that is not known here; a text that begins with % needs quotes',
  BAD_DQ_ESCAPE: 'There is no such escape sequence (\\) within double quotes; single quotes take everything as it is',
};

/** The parser's words without the piece of the file that some hold: it may be of a password that lacks its quotes. */
function withoutSource(error: Error): string {
  const { message } = error;
  const own = error instanceof YAMLError ? WORDS[error.code] : undefined;
  if (own !== undefined) return own;
  const [words = message] = message.split(': ', 1);
  return words;
}

/** Offset of what a JSON pointer names, or of the nearest node above it that the file holds. */
function offsetOf(document: Document, pointer: string): number | undefined {
  const segments = pointer
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
  for (let length = segments.length; length >= 0; length -= 1) {
    const path = segments.slice(0, length).map((segment) => (/^(0|[1-9][0-9]*)$/.test(segment) ? Number(segment) : segment));
    const node = length === 0 ? document.contents : document.getIn(path, true);
    const range = (node as { range?: readonly number[] | null } | null | undefined)?.range;
    if (range?.[0] !== undefined) return range[0];
  }
  return undefined;
}
