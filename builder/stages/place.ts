/** One artifact as it will stand on the unit: a folder below a root of its own, with owners. A stage each, so that a changed application does not build its virtual environment again. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { type Hashable, hashTree } from '../kit/hash.ts';
import { templatePath } from '../kit/paths.ts';
import type { Ownership } from '../payload/archive.ts';
import type { Stage } from '../pipeline/stage.ts';
import type { Artifact } from '../sources/artifact.ts';
import { placeArtifact, usesRootfs } from '../sources/index.ts';
import type { FetchedArtifact, FetchRequest } from '../sources/source.ts';
import { hooksHash } from '../tools/mmdebstrap.ts';

export interface PlaceInput {
  request: FetchRequest<Artifact>;
  fetched: FetchedArtifact & { folder: string };
  /** The image's root file system (a tar) and the id of its stage: some kinds run the image's own interpreter. */
  rootfs: string;
  rootfsId: string;
}

export interface PlaceOutput {
  root: string;
  owners: Ownership[];
}

export const placeStage: Stage<PlaceInput, PlaceOutput> = {
  name: 'place',
  instance: ({ request }) => request.name,
  inputs: async ({ request, fetched, rootfsId }) => ({
    name: request.name,
    definition: JSON.stringify(request.definition),
    content: JSON.stringify(fetched.locked) as Hashable,
    override: fetched.override?.sha256 ?? null,
    // How the root file systems of containers are made.
    scripts: request.definition.kind === 'container' ? [await hooksHash(), await hashTree(templatePath('container'))] : undefined,
    rootfs: usesRootfs(request.definition) ? rootfsId : null,
  }),
  async run({ request, fetched, rootfs }, folder, ctx, cleanup) {
    const root = join(folder, 'root');
    await mkdir(root);
    const owners = await placeArtifact({ ...request, rootfs }, fetched.folder, root, ctx, cleanup);
    await writeFile(join(folder, 'owners.json'), JSON.stringify(owners));
  },
  open: async (folder) => ({
    root: join(folder, 'root'),
    owners: JSON.parse(await readFile(join(folder, 'owners.json'), 'utf8')) as Ownership[],
  }),
};
