import Type, { type Static } from 'typebox';

import { placement } from '../placement.ts';

/** The files of one commit of a repository, without submodules. */
export const GitArtifact = Type.Object(
  {
    kind: Type.Literal('git'),
    url: Type.String({
      pattern: '^(https|file)://[^@\\s]+$',
      description: "Repository, without a log-in: that is a matter of the host's git",
    }),
    commit: Type.String({ pattern: '^[0-9a-f]{40}$', description: 'The whole id' }),
    history: Type.Optional(Type.Boolean({ default: false, description: 'Keep .git on the unit: this commit, and `url` as its origin' })),
    ...placement,
  },
  { additionalProperties: false },
);
export type GitArtifact = Static<typeof GitArtifact>;
