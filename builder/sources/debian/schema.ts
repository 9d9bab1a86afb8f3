import Type, { type Static } from 'typebox';

/** .deb files beyond the archive, installed with the other packages and their dependencies from the archive. */
export const DebianArtifact = Type.Object(
  {
    kind: Type.Literal('debian'),
    packages: Type.Array(
      Type.Union([
        Type.Object({ path: Type.String({ description: 'File in the image folder' }) }, { additionalProperties: false }),
        Type.Object(
          { url: Type.String({ pattern: '^https?://\\S+$' }), sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }) },
          { additionalProperties: false },
        ),
      ]),
      { minItems: 1 },
    ),
  },
  { additionalProperties: false },
);
export type DebianArtifact = Static<typeof DebianArtifact>;
