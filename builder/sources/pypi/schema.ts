import Type, { type Static } from 'typebox';

import { placement, UNIT_PATH } from '../placement.ts';

/** Python packages for the guest's Python: wheels, or a virtual environment made of them natively at bake. */
export const PypiArtifact = Type.Object(
  {
    kind: Type.Literal('pypi'),
    requirements: Type.String({ description: 'Requirements file in the image folder, every version pinned' }),
    build_packages: Type.Optional(
      Type.Array(Type.String(), { description: 'Debian packages for building source distributions; never in the image' }),
    ),
    virtualenv: Type.Optional(
      Type.String({ pattern: UNIT_PATH, description: 'Install the wheels into a virtual environment at this path, without `..`' }),
    ),
    ...placement,
    into: Type.Optional(placement.into),
  },
  { additionalProperties: false },
);
export type PypiArtifact = Static<typeof PypiArtifact>;
