import Type, { type Static } from 'typebox';

import { PATH_WITHIN, placement } from '../placement.ts';

const words = Type.Array(Type.String({ minLength: 1 }), { minItems: 1 });

/** A package of an npm registry as it is, or a project with all that its package-lock.json names. */
export const NpmArtifact = Type.Object(
  {
    kind: Type.Literal('npm'),
    package: Type.Optional(
      Type.String({
        pattern: '^(@[a-z0-9~-][a-z0-9._~-]*/)?[a-z0-9~-][a-z0-9._~-]*@\\d+\\.\\d+\\.\\d+[0-9A-Za-z.+-]*$',
        description: 'name@version of one package, whose files go into `into`; nothing of it is run',
      }),
    ),
    path: Type.Optional(
      Type.String({ minLength: 1, description: 'Or a project: folder in the image folder with package.json and package-lock.json' }),
    ),
    scripts: Type.Optional(
      Type.Boolean({
        default: true,
        description: "Run the install scripts of the project's packages, at bake, in a throw-away system without a network",
      }),
    ),
    build: Type.Optional({ ...words, description: 'Command run in the project, there too, with development packages: [npm, run, build]' }),
    result: Type.Optional(
      Type.String({
        pattern: PATH_WITHIN,
        description: 'Folder of the project that goes into `into`, such as dist, without `..`; the whole project by default',
      }),
    ),
    build_packages: Type.Optional(
      Type.Array(Type.String(), { description: 'Debian packages that scripts and build need beside nodejs and npm; never in the image' }),
    ),
    ...placement,
  },
  { additionalProperties: false },
);
export type NpmArtifact = Static<typeof NpmArtifact>;
