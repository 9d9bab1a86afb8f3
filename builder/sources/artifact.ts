/** The artifacts of a definition: a union over the kinds, one folder a kind; a new kind is one line here and in index.ts. */
import Type, { type Static } from 'typebox';

import { ContainerArtifact } from './container/schema.ts';
import { DebianArtifact } from './debian/schema.ts';
import { FileArtifact } from './file/schema.ts';
import { GitArtifact } from './git/schema.ts';
import { MavenArtifact } from './maven/schema.ts';
import { NpmArtifact } from './npm/schema.ts';
import { PypiArtifact } from './pypi/schema.ts';
import { UrlArtifact } from './url/schema.ts';

export const Artifact = Type.Union(
  [ContainerArtifact, DebianArtifact, FileArtifact, GitArtifact, MavenArtifact, NpmArtifact, PypiArtifact, UrlArtifact],
  { description: 'kind: container, debian, file, git, maven, npm, pypi or url' },
);
export type Artifact = Static<typeof Artifact>;

/** Kinds of these artifacts and of what is in their containers. */
export function kindsOf(artifacts: Readonly<Record<string, Artifact>> = {}): string[] {
  return Object.values(artifacts).flatMap((artifact) => [
    artifact.kind,
    ...(artifact.kind === 'container' ? kindsOf(artifact.build?.artifacts) : []),
  ]);
}
