/**
 * provenance.json: how an image came about, in plain words. What the definition and its lock said, what was taken, what
 * stood in for something else, and by which stages and tools. It says nothing of the host: no names, no paths.
 */
import Type, { type Static } from 'typebox';

import { publicUrl } from '../kit/secrets.ts';
import { archiveLines } from '../sources/debian/lines.ts';
import type { FetchedArtifact } from '../sources/source.ts';

const strict = { additionalProperties: false } as const;
const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' });
const Version = Type.Object({ name: Type.String(), version: Type.String() }, strict);

export const Provenance = Type.Object(
  {
    schemaVersion: Type.Literal(1),
    image: Type.Object({ name: Type.String(), version: Type.String(), definition: Sha256 }, strict),
    base: Type.Object({ distribution: Type.String(), suite: Type.String(), architecture: Type.String() }, strict),
    lock: Type.Union(
      [
        Type.Null(),
        Type.Object(
          {
            sha256: Sha256,
            differs: Type.Object(
              {
                added: Type.Array(Version),
                removed: Type.Array(Version),
                changed: Type.Array(Type.Object({ name: Type.String(), from: Type.String(), to: Type.String() }, strict)),
              },
              strict,
            ),
          },
          strict,
        ),
      ],
      { description: 'null where the image has no lock.json' },
    ),
    archive: Type.Object(
      {
        lines: Type.Array(Type.String(), { description: 'The public archive of the suite, as in sources.list(5)' }),
        mirrored: Type.Boolean({ description: 'Another source stood in for it; which one is a matter of the host' }),
        index: Type.String({ description: 'Hash of the package index that was read' }),
        updated: Type.String({ description: 'When the index was fetched (ISO 8601)' }),
      },
      strict,
    ),
    packages: Type.Array(
      Type.Object({ name: Type.String(), version: Type.String(), architecture: Type.String(), sha256: Type.Optional(Sha256) }, strict),
    ),
    artifacts: Type.Record(
      Type.String(),
      Type.Object(
        {
          kind: Type.String(),
          files: Type.Array(
            Type.Object(
              { name: Type.String(), sha256: Sha256, version: Type.Optional(Type.String()), url: Type.Optional(Type.String()) },
              strict,
            ),
          ),
          overridden: Type.Optional(Type.Object({ sha256: Sha256 }, { ...strict, description: 'Replaced by --artifact' })),
        },
        strict,
      ),
    ),
    files: Type.Optional(
      Type.Array(Type.Object({ name: Type.String(), sha256: Sha256 }, strict), {
        description: 'What was packaged: other files beside this are of other bakes',
      }),
    ),
    stages: Type.Record(Type.String(), Sha256, { description: 'Stage to the hash of all its inputs' }),
    builder: Type.Object({ name: Type.Literal('unitsmith'), version: Type.String() }, strict),
    tools: Type.Record(Type.String(), Type.String(), {
      description: 'Outside program to its version when the stage was run that it decides of, also where that was an earlier bake',
    }),
  },
  { ...strict, title: 'Unitsmith provenance' },
);
export type Provenance = Static<typeof Provenance>;

/** As builder/definition/lock.ts gives it. */
export interface LockDifference {
  added: { name: string; version: string }[];
  removed: { name: string; version: string }[];
  changed: { name: string; from: string; to: string }[];
}

type Fetched = Pick<FetchedArtifact, 'locked' | 'components' | 'override'>;

export interface ProvenanceRequest {
  image: { name: string; version: string; hash: string };
  base: Provenance['base'];
  /** Hash of lock.json, and how what was resolved differs from it; undefined where the image has none. */
  lock: { sha256: string; differs: LockDifference } | undefined;
  /** `lines`: what was read, as in sources.list(5). */
  archive: { lines: readonly string[]; index: string; updated: string };
  packages: readonly { name: string; version: string; architecture: string; sha256?: string }[];
  artifacts: Readonly<Record<string, Fetched>>;
  files: readonly { name: string; sha256: string }[];
  stages: Readonly<Record<string, string>>;
  builderVersion: string;
  tools: Readonly<Record<string, string>>;
}

/** Only what the schema names is taken over: whatever else a request carries stays out. Equal input gives equal bytes. */
export function makeProvenance(request: ProvenanceRequest): Provenance {
  const { image, base, lock, archive } = request;
  const lines = archiveLines(base);
  return {
    schemaVersion: 1,
    image: { name: image.name, version: image.version, definition: image.hash },
    base: { distribution: base.distribution, suite: base.suite, architecture: base.architecture },
    lock: lock === undefined ? null : { sha256: lock.sha256, differs: differenceOf(lock.differs) },
    archive: { lines, mirrored: archive.lines.join('\n') !== lines.join('\n'), index: archive.index, updated: archive.updated },
    packages: request.packages
      .map(({ name, version, architecture, sha256 }) => ({ name, version, architecture, ...(sha256 === undefined ? {} : { sha256 }) }))
      .sort(byName),
    artifacts: sorted(request.artifacts, artifactOf),
    files: request.files.map(({ name, sha256 }) => ({ name, sha256 })).sort(byName),
    stages: sorted(request.stages, (id) => id),
    builder: { name: 'unitsmith', version: request.builderVersion },
    tools: sorted(request.tools, (version) => version),
  };
}

export function provenanceText(provenance: Provenance): string {
  return `${JSON.stringify(provenance, undefined, 2)}\n`;
}

function differenceOf({ added, removed, changed }: LockDifference): LockDifference {
  const versions = (list: LockDifference['added']) => list.map(({ name, version }) => ({ name, version }));
  return { added: versions(added), removed: versions(removed), changed: changed.map(({ name, from, to }) => ({ name, from, to })) };
}

function artifactOf({ locked, components, override }: Fetched): Provenance['artifacts'][string] {
  const urls = new Map(components.map(({ sha256, url }) => [sha256, url]));
  const files = locked.files.map(({ name, sha256, version }) => {
    const url = publicUrl(urls.get(sha256) ?? '');
    return { name, sha256, ...(version === undefined ? {} : { version }), ...(url === undefined ? {} : { url }) };
  });
  return {
    kind: locked.kind,
    files: files.sort(byName),
    ...(override === undefined ? {} : { overridden: { sha256: override.sha256 } }),
  };
}

function sorted<From, To>(record: Readonly<Record<string, From>>, convert: (value: From) => To): Record<string, To> {
  return Object.fromEntries(
    Object.entries(record)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => [key, convert(value)]),
  );
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
