/** Container images as they are on a unit (builder/sources/container/image.ts), made by GNU tar and zstd. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { sha256 } from '../../../builder/kit/hash.ts';
import { type SmallDisk, writeTree } from '../../helpers/small-disk.ts';

export interface TestContainer {
  /** Lowest first; `.wh.NAME` hides NAME. */
  layers: readonly SmallDisk['root'][];
  configuration?: object;
}

/** Files of the unit with these containers. */
export function containerFiles(containers: Readonly<Record<string, TestContainer>>): SmallDisk['root'] {
  const files: SmallDisk['root'] = {};
  for (const [name, { layers, configuration = {} }] of Object.entries(containers)) {
    const names: string[] = [];
    for (const layer of layers) {
      const { file, packed } = layerOf(layer);
      names.push(file);
      files[`/usr/lib/unit/containers/${file}`] = packed;
    }
    const manifest = [{ Config: 'image.json', RepoTags: [`unit/${name}:latest`], Layers: names }];
    files[`/usr/lib/unit/containers/${name}/manifest.json`] = JSON.stringify(manifest);
    files[`/usr/lib/unit/containers/${name}/image.json`] = JSON.stringify(configuration);
  }
  return files;
}

function layerOf(files: SmallDisk['root']): { file: string; packed: Buffer } {
  const tree = mkdtempSync(join(tmpdir(), 'layer-'));
  try {
    writeTree(tree, files);
    const tar = execFileSync('tar', ['--create', '--format=pax', '--sort=name', '--mtime=@0', '--directory', tree, '.']);
    return { file: `layers/${sha256(tar)}.tar.zst`, packed: execFileSync('zstd', ['-cq'], { input: tar }) };
  } finally {
    rmSync(tree, { recursive: true });
  }
}

/** The same with layers that were cut off in the middle. */
export function cutLayers(files: SmallDisk['root']): SmallDisk['root'] {
  return Object.fromEntries(
    Object.entries(files).map(([path, content]) => [path, Buffer.isBuffer(content) ? content.subarray(0, content.length / 2) : content]),
  );
}
