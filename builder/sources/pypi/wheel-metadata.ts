/** What a wheel's METADATA file says (core metadata specifications). */
import { run } from '../../kit/command.ts';
import type { Context } from '../../kit/context.ts';
import { ToolError } from '../../kit/errors.ts';

/** Licences of a wheel: SPDX expressions where it gives one, else the names of its classifiers or its short text. */
export async function licencesOf(wheel: string, ctx: Context): Promise<string[]> {
  try {
    return parseLicences((await run(ctx, 'bsdtar', ['-xOf', wheel, '*.dist-info/METADATA'], { quiet: true })).stdout);
  } catch (error) {
    if (error instanceof ToolError && !error.failure.missing) return [];
    throw error;
  }
}

/** Exported for its test. */
export function parseLicences(metadata: string): string[] {
  const headers = (metadata.split(/\n\s*\n/)[0] ?? '').split('\n');
  const values = (name: string): string[] =>
    headers.filter((line) => line.startsWith(`${name}: `)).map((line) => line.slice(name.length + 2).trim());
  const expression = values('License-Expression');
  if (expression.length > 0) return expression;
  const classifiers = values('Classifier')
    .filter((value) => value.startsWith('License ::'))
    .map((value) => value.slice(value.lastIndexOf('::') + 3))
    .filter((value) => value !== 'OSI Approved');
  if (classifiers.length > 0) return classifiers;
  return values('License').filter((value) => value !== '' && value !== 'UNKNOWN' && value.length <= 80);
}
