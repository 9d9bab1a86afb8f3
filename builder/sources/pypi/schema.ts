import Type, { type Static } from 'typebox';

import { placement } from '../placement.ts';

/** Python packages for the guest's Python: wheels, or a virtual environment made of them natively at bake. */
export const PypiArtifact = Type.Object(
  {
    kind: Type.Literal('pypi'),
    requirements: Type.String({ description: 'Requirements file in the image folder, every version pinned' }),
    build_packages: Type.Optional(
      Type.Array(Type.String(), { description: 'Debian packages for building source distributions; never in the image' }),
    ),
    virtualenv: Type.Optional(Type.String({ pattern: '^/', description: 'Install the wheels into a virtual environment at this path' })),
    ...placement,
    into: Type.Optional(placement.into),
  },
  { additionalProperties: false },
);
export type PypiArtifact = Static<typeof PypiArtifact>;
