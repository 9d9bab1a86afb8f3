/** What the benchmarks of one run share: a folder that vanishes, the host's abilities, and one cold bake. */
import { cp, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import type { LoadedImage } from '../../builder/definition/definition.ts';
import { loadImage } from '../../builder/definition/load.ts';
import type { Context } from '../../builder/kit/context.ts';
import { basePackages } from '../../builder/payload/base.ts';
import { StageCache } from '../../builder/pipeline/cache.ts';
import { detectAcceleration } from '../../builder/vm/accel.ts';
import type { Acceleration } from '../../builder/vm/spec.ts';
import type { BenchOptions } from './bench.ts';
import { timed } from './measure.ts';
import { type Prepared, preparePackages } from './packages.ts';
import { type UnitsmithRun, unitsmith } from './unitsmith.ts';

export interface ColdBake {
  seconds: number;
  run: UnitsmithRun;
  prepared: Prepared;
}

export class Lab {
  readonly options: BenchOptions;
  /** On a real disk; removed at the end. */
  readonly folder: string;
  readonly #ctx: Context;
  #image: Promise<LoadedImage> | undefined;
  #acceleration: Promise<Acceleration> | undefined;
  #cold: Promise<ColdBake> | undefined;

  constructor(ctx: Context, options: BenchOptions, folder: string) {
    this.#ctx = ctx;
    this.options = options;
    this.folder = folder;
  }

  /** A copy of the image, which benchmarks may change. */
  image(): Promise<LoadedImage> {
    this.#image ??= this.#copyImage();
    return this.#image;
  }

  acceleration(): Promise<Acceleration> {
    this.#acceleration ??= detectAcceleration(this.#ctx);
    return this.#acceleration;
  }

  /** The first bake in an empty cache, timed, with downloads and package index already there. Made once. */
  coldBake(): Promise<ColdBake> {
    this.#cold ??= this.#bakeCold();
    return this.#cold;
  }

  /** Bakes the copy of the image, without proof and verification. */
  async bake(): Promise<UnitsmithRun> {
    const { folder } = await this.image();
    const formats = ['--formats', 'ova,qcow2', '--offline', '--no-proof', '--verify', 'none'];
    return await unitsmith(this.#ctx, ['--cache-dir', this.cacheDir, 'bake', folder, '--out', join(this.folder, 'out'), ...formats]);
  }

  /** The disk that the options name, else one baked in this run, else the last one of this image in the user's cache. */
  async sealedDisk(): Promise<string | undefined> {
    if (this.options.disk !== undefined) return this.options.disk;
    const baked = await this.newestOutput('bake');
    return baked === undefined ? undefined : join(baked, 'disk.qcow2');
  }

  /** Folder of a stage's newest output for this image: of this run, else of the user's cache. */
  async newestOutput(wanted: string): Promise<string | undefined> {
    const { definition } = await this.image();
    for (const cacheDir of [this.cacheDir, this.options.cacheDir]) {
      const newest = (await new StageCache({ ...this.#ctx, cacheDir }).list()).findLast(
        ({ stage, image }) => stage === wanted && image === definition.name,
      );
      if (newest !== undefined) return newest.folder;
    }
    return undefined;
  }

  /** Of the bakes of this run; empty at first. */
  get cacheDir(): string {
    return join(this.folder, 'cache');
  }

  async #copyImage(): Promise<LoadedImage> {
    const { folder, definition } = await loadImage(this.options.image, this.#ctx);
    const copy = join(this.folder, 'images', definition.name);
    await cp(folder, copy, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
    return await loadImage(copy, this.#ctx);
  }

  async #bakeCold(): Promise<ColdBake> {
    const image = await this.image();
    this.#ctx.events.info('before the clock starts: packages and artifacts onto this machine');
    const folders = {
      cacheDir: this.cacheDir,
      repository: join(this.folder, 'repository'),
      store: join(this.options.cacheDir, 'downloads'),
    };
    const prepared = await preparePackages(image, basePackages(image.definition), folders, this.#ctx);
    this.#ctx.events.info('cold bake by unitsmith');
    const { seconds, value } = await timed(this.#ctx, () => this.bake());
    return { seconds, run: value, prepared };
  }
}

/** Bytes of all files in `folder` whose names end so. */
export async function bytesOf(folder: string, ending: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(folder)) if (name.endsWith(ending)) bytes += (await stat(join(folder, name))).size;
  return bytes;
}
