/** The payload: everything that is put onto the disk beside packages, as one tar that Packer uploads. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { STEP_PROTOCOL } from '../../firstboot/contract/step.ts';
import type { Release } from '../../firstboot/contract/unit.ts';
import { validateCloudConfigFiles, validateCloudInitFragment } from '../definition/cloud-init.ts';
import type { LoadedImage } from '../definition/definition.ts';
import { run } from '../kit/command.ts';
import { hashTree } from '../kit/hash.ts';
import { packageRoot, templatePath } from '../kit/paths.ts';
import { type Ownership, writePayload } from '../payload/archive.ts';
import { generatedFiles, unitHash, writeUnitFiles } from '../payload/tree.ts';
import type { Stage } from '../pipeline/stage.ts';
import type { PlaceOutput } from './place.ts';

export interface PayloadInput {
  image: LoadedImage;
  lockHash: string | null;
  builderVersion: string;
  /** The artifacts as they will stand on the unit, each with the id of its stage. */
  artifacts: readonly { id: string; output: PlaceOutput }[];
  /** JSON schemas of the image's own cloud-init. */
  cloudInitSchemas: string;
}

export interface PayloadOutput {
  tar: string;
}

export const payloadStage: Stage<PayloadInput, PayloadOutput> = {
  name: 'payload',
  inputs: async (input) => ({
    image: await unitHash(input.image),
    artifacts: input.artifacts.map(({ id }) => id),
    system: await hashTree(templatePath('system', 'rootfs')),
    firstboot: await hashTree(join(packageRoot(), 'firstboot', 'system')),
    unitctl: await hashTree(join(packageRoot(), 'dist', 'firstboot')),
    generated: generatedFiles(input.image, await releaseOf(input)).map(({ path, content }) => [path, content]),
  }),
  async run(input, folder, ctx) {
    // By itself first: its errors then name lines of image.yaml.
    await validateCloudInitFragment(input.image, input.cloudInitSchemas);
    const root = join(folder, 'root');
    await mkdir(root);
    const owners: Ownership[] = [];
    for (const artifact of input.artifacts) {
      await run(ctx, 'cp', ['-r', '-P', '--preserve=mode,timestamps', '--remove-destination', '-T', artifact.output.root, root]);
      owners.push(...artifact.output.owners);
    }
    await writeUnitFiles(input.image, await releaseOf(input), root);
    await validateCloudConfigFiles(join(root, 'etc', 'cloud', 'cloud.cfg.d'), input.cloudInitSchemas);
    const plain = join(folder, 'payload.tar');
    await writePayload(root, owners, plain);
    await run(ctx, 'zstd', ['--quiet', '--rm', '-T0', '-9', plain, '-o', join(folder, 'payload.tar.zst')]);
    await rm(root, { recursive: true, force: true });
  },
  open: (folder) => ({ tar: join(folder, 'payload.tar.zst') }),
};

/** What /usr/lib/unit/release.json says. */
async function releaseOf(input: PayloadInput): Promise<Release> {
  const { definition } = input.image;
  return {
    schemaVersion: 1,
    image: definition.name,
    version: definition.version,
    architecture: definition.base.architecture,
    definitionHash: await unitHash(input.image),
    lockHash: input.lockHash,
    stepProtocol: STEP_PROTOCOL,
    builder: `unitsmith ${input.builderVersion}`,
  };
}
