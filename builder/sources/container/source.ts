/** `container`: images that Docker loads without a registry, pulled by digest or built of Debian packages. */
import { link } from 'node:fs/promises';
import { join } from 'node:path';

import { ExitCode, UserError } from '../../kit/errors.ts';
import { temporaryFolder } from '../../kit/files.ts';
import { sha256File } from '../../kit/hash.ts';
import { openArchive } from '../debian/archive.ts';
import type { FetchedArtifact, FetchRequest, Source } from '../source.ts';
import { fetchBuild, placeBuild } from './build.ts';
import { type Contained, containedRequests } from './contained.ts';
import { readArchive, writeImage } from './image.ts';
import { pullImage, takeImage, unpackImage } from './pull.ts';
import type { ContainerArtifact } from './schema.ts';

const ARCHIVE = 'image.tar';

export function containerSource(contained: Contained): Source<ContainerArtifact> {
  return {
    kind: 'container',
    packagesMove: true,

    async inputs(request, ctx) {
      const { build } = mustBeOne(request);
      if (request.override !== undefined || build === undefined) return [];
      const archive = await openArchive(request.guest.base, { ...request.guest.archive, update: false }, ctx);
      const inner: string[] = [];
      for (const item of containedRequests(request)) inner.push(item.name, ...(await contained.inputs(item, ctx)));
      return [archive.index, ...inner];
    },

    async fetch(request, folder, ctx, cleanup) {
      const { build, image } = mustBeOne(request);
      const archive = join(folder, ARCHIVE);
      const { architecture } = request.guest.base;
      if (request.override !== undefined) {
        await takeImage(request.name, request.override, archive, architecture, ctx);
        return whole(request.name, await sha256File(archive));
      }
      if (build !== undefined) return await fetchBuild(request, build, contained, folder, ctx, cleanup);
      const offline = request.guest.archive.offline ?? false;
      await link(await pullImage({ artifact: request.name, image, architecture, offline }, ctx, cleanup), archive);
      const [reference = '', digest = ''] = image.split('@sha256:');
      return whole(reference, digest);
    },

    async place(request, folder, root, ctx, cleanup) {
      const { build } = mustBeOne(request);
      const reference = request.definition.reference ?? `unit/${request.name}:latest`;
      if (request.override === undefined && build !== undefined) {
        await placeBuild({ request, build, reference, contained }, folder, root, ctx, cleanup);
        return [];
      }
      const work = await temporaryFolder(join(ctx.cacheDir, 'tmp'), 'image-', cleanup);
      await unpackImage(join(folder, ARCHIVE), work, ctx);
      await writeImage(await readArchive(work, request.name, reference), root, ctx);
      return [];
    },
  };
}

function whole(name: string, sha256: string): FetchedArtifact {
  return { locked: { kind: 'container', files: [{ name, sha256 }] }, components: [{ type: 'file', name, sha256 }] };
}

/** @throws UserError(definition) */
function mustBeOne({
  name,
  definition: { build, image },
}: FetchRequest<ContainerArtifact>):
  | { build: NonNullable<ContainerArtifact['build']>; image?: undefined }
  | { build?: undefined; image: string } {
  if (build !== undefined && image === undefined) return { build };
  if (build === undefined && image !== undefined) return { image };
  throw new UserError(`Artifact ${name}: one of \`image\` and \`build\` is wanted`, {
    exitCode: ExitCode.definition,
    remedies: ['`image` pulls by digest, `build` makes the container of Debian packages'],
  });
}
