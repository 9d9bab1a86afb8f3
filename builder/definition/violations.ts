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
  return located(plainViolations(compileSchema(schema, options)(document.data), schema, document.data, { showValues: true }), document);
}

export function located(violations: readonly Violation[], document: SourceDocument, prefix = ''): Problem[] {
  return violations.map(({ path, message, suggestion }) => ({
    message,
    where: document.locate(prefix + path),
    ...(suggestion === undefined ? {} : { suggestion }),
  }));
}
