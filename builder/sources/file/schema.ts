import Type, { type Static } from 'typebox';

import { fileName, placement } from '../placement.ts';

/** A file or folder that comes with the image definition. */
export const FileArtifact = Type.Object(
  {
    kind: Type.Literal('file'),
    path: Type.String({ minLength: 1, description: 'File or folder, relative to the image folder' }),
    ...fileName,
    ...placement,
  },
  { additionalProperties: false },
);
export type FileArtifact = Static<typeof FileArtifact>;
