/**
 * Variables in a product's own files: bare names (`REG_IP_ADDRESS`) in the places of values, in files of any kind. Only whole
 * words are replaced, all at once: what a value brings along is never taken for a variable.
 */
import { ExitCode, UnitError } from '../../kit/errors.ts';

export type Values = ReadonlyMap<string, string>;

export interface Replaced {
  text: string;
  /** Names of the variables that were there. */
  used: Set<string>;
}

/** Whatever surrounds a variable, these could end the value that it stands for, or begin something else. */
const UNSAFE = /["'\\$`;{}#<>|\u0000-\u001f\u007f\u0085\u2028\u2029]/;

/** @param file its name says how values are written. @throws UnitError where a value has no place in such a file */
export function replaceVariables(text: string, values: Values, file: string): Replaced {
  const used = new Set<string>();
  if (values.size === 0) return { text, used };
  const names = new RegExp(`(?<![A-Za-z0-9_])(?:${[...values.keys()].join('|')})(?![A-Za-z0-9_])`, 'g');
  const replaced = text.replace(names, (name) => {
    used.add(name);
    return written(name, values.get(name) ?? '', file);
  });
  return { text: replaced, used };
}

function written(name: string, value: string, file: string): string {
  // In JSON a word that is no string is no value, so quotes are around it.
  if (file.endsWith('.json')) return JSON.stringify(value).slice(1, -1);
  if (!UNSAFE.test(value)) return value;
  throw new UnitError(`the value of ${name} has a character that ${file} cannot take`, {
    exitCode: ExitCode.step,
    remedies: ['Change the setting: no quotes, backslashes, dollar signs, semicolons, braces, #, <, >, | and line breaks.'],
  });
}
