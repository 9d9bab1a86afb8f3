import Type, { type Static } from 'typebox';

import { FileArtifact } from '../file/schema.ts';
import { GitArtifact } from '../git/schema.ts';
import { NpmArtifact } from '../npm/schema.ts';
import { PypiArtifact } from '../pypi/schema.ts';
import { UrlArtifact } from '../url/schema.ts';

const strict = { additionalProperties: false } as const;
const Words = Type.Array(Type.String(), { minItems: 1 });

/** What can be put into a container's file system, as into the unit's. */
export const ContainedArtifact = Type.Union([FileArtifact, GitArtifact, NpmArtifact, PypiArtifact, UrlArtifact], {
  description: 'kind: file, git, npm, pypi or url',
});
export type ContainedArtifact = Static<typeof ContainedArtifact>;

const Build = Type.Object(
  {
    packages: Type.Array(Type.String({ pattern: '^[a-z0-9][a-z0-9+.-]+$' }), {
      uniqueItems: true,
      description: "Packages of the image's own distribution and suite, beyond the essential ones",
    }),
    artifacts: Type.Optional(
      Type.Record(Type.String({ pattern: '^[a-z][a-z0-9-]{0,62}$' }), ContainedArtifact, {
        additionalProperties: false,
        description: 'Put into the container: `into` is a folder in it',
      }),
    ),
    entrypoint: Type.Optional(Words),
    command: Type.Optional(Words),
    environment: Type.Optional(Type.Record(Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]*$' }), Type.String())),
    user: Type.Optional(Type.String({ description: 'Name or `name:group`, or numbers; root by default' })),
    directory: Type.Optional(Type.String({ pattern: '^/', description: 'Where the command runs' })),
    ports: Type.Optional(Type.Array(Type.String({ pattern: '^[0-9]+(/(tcp|udp))?$' }))),
    stopSignal: Type.Optional(Type.String({ pattern: '^SIG[A-Z0-9]+$' })),
    health: Type.Optional(
      Type.Object(
        {
          test: Words,
          interval: Type.Optional(Type.Integer({ minimum: 1, default: 30, description: 'Seconds' })),
          startPeriod: Type.Optional(
            Type.Integer({ minimum: 0, default: 600, description: 'Seconds in which a container that is not well yet counts as starting' }),
          ),
        },
        { ...strict, description: 'Command that exits 0 while the container is well' },
      ),
    ),
  },
  { ...strict, description: 'Built of Debian packages. The containers of an image share one base layer' },
);
export type ContainerBuild = Static<typeof Build>;

/** A container image that Docker loads without a registry: pulled by digest at bake, or built natively. */
export const ContainerArtifact = Type.Object(
  {
    kind: Type.Literal('container'),
    image: Type.Optional(
      Type.String({
        pattern: '^[a-z0-9][A-Za-z0-9._:/-]*@sha256:[0-9a-f]{64}$',
        description: "Of a registry, by digest: `registry.example.com/shop/core@sha256:...`. The log-in is that of the host's auth.json",
      }),
    ),
    build: Type.Optional(Build),
    reference: Type.Optional(
      Type.String({ pattern: '^[a-z0-9][a-z0-9._/-]*:[A-Za-z0-9._-]+$', description: 'Its name in Docker; `unit/NAME:latest` by default' }),
    ),
  },
  strict,
);
export type ContainerArtifact = Static<typeof ContainerArtifact>;
