import type { TSchema } from 'typebox';

import { plainViolations, type Violation } from '../../firstboot/settings/words.ts';
import type { Problem } from '../kit/errors.ts';
import { compileSchema } from '../kit/schema.ts';
import type { SourceDocument } from './document.ts';

/** All violations of `schema` in `document`, in plain words, each with its position. */
export function schemaProblems(
  schema: TSchema | object,
  document: SourceDocument,
  options: Parameters<typeof compileSchema>[1] = {},
): Problem[] {
  return located(
    plainViolations(compileSchema(schema, options)(document.data), schema, document.data, {
      showValues: true,
      sourceAt: document.sourceAt,
    }),
    document,
  );
}

/** Violations as problems. What is wrong with a member's name is pointed at the name, everything else at the value. */
export function located(violations: readonly Violation[], document: SourceDocument, prefix = ''): Problem[] {
  return violations.map(({ path, keyword, message, suggestion }) => ({
    message,
    where: keyword === 'additionalProperties' ? document.locateKey(prefix + path) : document.locate(prefix + path),
    ...(suggestion === undefined ? {} : { suggestion }),
  }));
}
