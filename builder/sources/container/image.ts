/**
 * An image on the unit: `containers/NAME/` with docker-archive(5)'s manifest.json and the image's configuration, and the
 * layers, compressed, beside it: what several images share is there once. firstboot/system/load-container makes the archive
 * that Docker loads.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { UNIT_PATHS } from '../../../firstboot/contract/unit.ts';
import { run } from '../../kit/command.ts';
import type { Context } from '../../kit/context.ts';
import { canonicalJson, type Hashable, sha256File } from '../../kit/hash.ts';
import type { ContainerBuild } from './schema.ts';

const NANOSECONDS = 1e9;

export interface ContainerImage {
  name: string;
  reference: string;
  /** The image's configuration as text: its hash is the image's id. */
  configuration: string;
  /** Uncompressed layers, lowest first. */
  layers: readonly string[];
}

/** Writes the image below `root`, the unit's. The layers are taken away from where they are. */
export async function writeImage(image: ContainerImage, root: string, ctx: Context): Promise<void> {
  const containers = join(root, UNIT_PATHS.lib, 'containers');
  const folder = join(containers, image.name);
  await mkdir(join(containers, 'layers'), { recursive: true });
  await mkdir(folder);
  const names: string[] = [];
  for (const layer of image.layers) {
    const name = `layers/${await sha256File(layer)}.tar.zst`;
    await run(ctx, 'zstd', ['--quiet', '--force', '-T0', '-9', layer, '-o', join(containers, name)]);
    names.push(name);
  }
  await writeFile(join(folder, 'image.json'), image.configuration);
  const manifest = [{ Config: 'image.json', RepoTags: [image.reference], Layers: names }];
  await writeFile(join(folder, 'manifest.json'), `${JSON.stringify(manifest)}\n`);
}

/** The image's configuration (OCI image-spec, config.md); equal input gives equal text. Pure. */
export function configurationOf(build: ContainerBuild, layers: readonly string[], created: Date, architecture: string): string {
  const { entrypoint, command, environment = {}, user, directory, ports = [], stopSignal, health } = build;
  const variables = Object.entries({ PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...environment });
  return canonicalJson({
    architecture,
    os: 'linux',
    created: created.toISOString(),
    config: {
      Env: variables.map(([name, value]) => `${name}=${value}`),
      Entrypoint: entrypoint,
      Cmd: command,
      User: user,
      WorkingDir: directory,
      StopSignal: stopSignal,
      ExposedPorts: Object.fromEntries(ports.map((port) => [port.includes('/') ? port : `${port}/tcp`, {}])),
      Healthcheck: health === undefined ? undefined : healthcheck(health),
    },
    rootfs: { type: 'layers', diff_ids: layers.map((hash) => `sha256:${hash}`) },
    history: layers.map(() => ({ created: created.toISOString(), created_by: 'unitsmith' })),
  });
}

/** Swarm starts anew what is not well: on a slow machine what has not started yet, for ever, were there no start period. */
function healthcheck({ test, interval = 30, startPeriod = 600 }: NonNullable<ContainerBuild['health']>): Hashable {
  return { Test: ['CMD', ...test], Interval: interval * NANOSECONDS, StartPeriod: startPeriod * NANOSECONDS };
}

/** The image in an unpacked docker-archive(5), which skopeo writes with plain layers. @throws Error where it holds none, or several */
export async function readArchive(folder: string, name: string, reference: string): Promise<ContainerImage> {
  const manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')) as { Config: string; Layers: string[] }[];
  const [image, more] = manifest;
  if (image === undefined || more !== undefined) throw new Error(`${folder} should hold one image`);
  const configuration = await readFile(join(folder, basename(image.Config)), 'utf8');
  return { name, reference, configuration, layers: image.Layers.map((layer) => join(folder, layer)) };
}
