import Type, { type Static } from 'typebox';

import { archive, fileName, placement } from '../placement.ts';

/** Files of Maven repositories, by their coordinates; what they depend on is not taken. */
export const MavenArtifact = Type.Object(
  {
    kind: Type.Literal('maven'),
    coordinates: Type.Array(Type.String({ pattern: '^[A-Za-z0-9_][A-Za-z0-9_.-]*(:[A-Za-z0-9_][A-Za-z0-9_.-]*){2,4}$' }), {
      minItems: 1,
      description: 'group:artifact:version, then :packaging (`jar` by default) and :classifier where needed; each exactly this file',
    }),
    ...archive,
    ...fileName,
    ...placement,
  },
  { additionalProperties: false },
);
export type MavenArtifact = Static<typeof MavenArtifact>;
