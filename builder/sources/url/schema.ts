import Type, { type Static } from 'typebox';

import { archive, fileName, placement } from '../placement.ts';

/** A download held to its hash. */
export const UrlArtifact = Type.Object(
  {
    kind: Type.Literal('url'),
    url: Type.String({ pattern: '^(https?|file)://\\S+$', description: 'Without blanks and line breaks: `%20` stands for a blank' }),
    sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    ...archive,
    ...fileName,
    ...placement,
  },
  { additionalProperties: false },
);
export type UrlArtifact = Static<typeof UrlArtifact>;
