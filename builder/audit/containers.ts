/**
 * The container images that a unit carries (builder/sources/container/image.ts), as trees like the unit's own. Each layer
 * with all below it is one: what an upper layer hides is in the image all the same. Layers are read as streams, each once
 * however many images share it; contents go into one file, as those of the disk.
 */
import { createReadStream, createWriteStream, writeSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import Type, { type Static } from 'typebox';

import { UNIT_PATHS } from '../../firstboot/contract/unit.ts';
import type { Cleanup } from '../kit/cleanup.ts';
import { run } from '../kit/command.ts';
import type { Context } from '../kit/context.ts';
import { ToolError } from '../kit/errors.ts';
import { temporaryFolder } from '../kit/files.ts';
import { compileSchema } from '../kit/schema.ts';
import { type Keep, type Layer, layOver, readLayer } from './layer.ts';
import { type SealedEntry, SealedTree } from './tree.ts';

/** What is seen with some layers of an image, or all of them. */
export interface LayerView {
  tree: SealedTree;
  /** Images that have these very layers at their bottom. */
  containers: string[];
}

export interface ContainerImage {
  name: string;
  /** Path on the unit of the image's configuration, and what it says. */
  path: string;
  configuration: Configuration;
  /** What is seen with all layers. */
  tree: SealedTree;
}

export interface Containers {
  images: readonly ContainerImage[];
  /** Those with more layers first. */
  views: readonly LayerView[];
  /** Everything in all layers; undefined where there is none. */
  layers: SealedTree | undefined;
  /** Images that could not be read, and why. */
  unread: readonly { path: string; why: string }[];
}

export const NO_CONTAINERS: Containers = { images: [], views: [], layers: undefined, unread: [] };

const FOLDER = `${UNIT_PATHS.lib}/containers`;
/** Layers, which images share; beside it a folder an image. */
const SHARED = `${FOLDER}/layers`;

const Manifest = Type.Array(Type.Object({ Config: Type.String(), Layers: Type.Array(Type.String(), { minItems: 1 }) }), {
  minItems: 1,
  maxItems: 1,
});
/** OCI image-spec, config.md. */
const Configuration = Type.Object({
  config: Type.Optional(Type.Object({ Env: Type.Optional(Type.Union([Type.Array(Type.String()), Type.Null()])) })),
  history: Type.Optional(Type.Array(Type.Object({ created_by: Type.Optional(Type.String()) }))),
});
type Configuration = Static<typeof Configuration>;

interface Manifested extends Omit<ContainerImage, 'tree'> {
  /** Paths on the unit, lowest first. */
  layers: readonly string[];
}

/** Reads every container image on the unit. What is wrong with one is in `unread`. @throws ToolError where zstd is missing */
export async function openContainers(tree: SealedTree, ctx: Context, cleanup: Cleanup): Promise<Containers> {
  const folders = tree.below(FOLDER).filter(({ path, type }) => type === 'directory' && path !== SHARED && isDirectlyIn(FOLDER, path));
  if (folders.length === 0) return NO_CONTAINERS;
  const work = await temporaryFolder(join(ctx.cacheDir, 'tmp'), 'containers-', cleanup);
  const contents = await open(join(work, 'contents'), 'w+');
  cleanup.add('contents of container images', () => contents.close());
  const keep = keepIn(contents.fd);
  const layers = new Map<string, Layer>();
  const found: Manifested[] = [];
  const unread: { path: string; why: string }[] = [];
  for (const { path } of folders) {
    try {
      const image = manifestedAt(tree, path);
      for (const layer of image.layers) {
        if (!layers.has(layer)) layers.set(layer, await readLayer(await decompress(tree, layer, work, ctx), keep, ctx.signal));
      }
      found.push(image);
    } catch (error) {
      ctx.signal.throwIfAborted();
      if (error instanceof ToolError && error.failure.missing) throw error;
      unread.push({ path, why: error instanceof Error ? error.message : String(error) });
    }
  }
  const all = [...layers.values()].flatMap(({ entries }) => entries);
  return { ...viewsOf(found, layers, contents.fd), layers: treeOf(all, contents.fd), unread };
}

function isDirectlyIn(folder: string, path: string): boolean {
  return !path.slice(folder.length + 1).includes('/');
}

function manifestedAt(tree: SealedTree, folder: string): Manifested {
  const [image] = jsonAt<Static<typeof Manifest>>(tree, `${folder}/manifest.json`, Manifest);
  if (image === undefined) throw new Error(`${folder}/manifest.json names no image`);
  const path = `${folder}/${image.Config}`;
  const layers = image.Layers.map((layer) => `${FOLDER}/${layer}`);
  return { name: folder.slice(FOLDER.length + 1), path, configuration: jsonAt<Configuration>(tree, path, Configuration), layers };
}

function jsonAt<Data>(tree: SealedTree, path: string, schema: object): Data {
  const text = tree.text(path);
  if (text === undefined) throw new Error(`${path} is missing`);
  const data: unknown = JSON.parse(text);
  const violation = compileSchema(schema)(data)[0];
  if (violation !== undefined) throw new Error(`${path} ${violation.path} ${violation.message}`);
  return data as Data;
}

/** A layer of the unit as a plain tar in `work`, in the place of the one before. */
async function decompress(tree: SealedTree, layer: string, work: string, ctx: Context): Promise<string> {
  const entry = tree.get(layer);
  if (entry?.offset === undefined) throw new Error(`${layer} is ${entry === undefined ? 'missing' : 'empty, or too large'}`);
  const [packed, plain] = [join(work, 'layer.tar.zst'), join(work, 'layer.tar')];
  const range = { fd: tree.contents, start: entry.offset, end: entry.offset + entry.size - 1, autoClose: false };
  await pipeline(createReadStream('', range), createWriteStream(packed), { signal: ctx.signal });
  await run(ctx, 'zstd', ['--decompress', '--quiet', '--stdout', packed], { stdoutFile: plain, quiet: true });
  await rm(packed);
  return plain;
}

/** Writes contents one after the other. Synchronously: most are small, and what they come from is read as a stream. */
function keepIn(file: number): Keep {
  let position = 0;
  return async (content) => {
    const begin = position;
    for await (const chunk of content) {
      for (let done = 0; done < chunk.length; ) done += writeSync(file, chunk, done, chunk.length - done, position + done);
      position += chunk.length;
    }
    return begin;
  };
}

function viewsOf(found: readonly Manifested[], layers: ReadonlyMap<string, Layer>, contents: number): Pick<Containers, 'images' | 'views'> {
  const views = new Map<string, LayerView & { depth: number }>();
  const images = found.map(({ layers: own, ...image }): ContainerImage => {
    let seen: ReadonlyMap<string, SealedEntry> = new Map();
    let tree = treeOf([], contents);
    for (const [depth, path] of own.entries()) {
      seen = layOver(seen, layers.get(path) ?? { entries: [], gone: [], opaque: [] });
      const key = own.slice(0, depth + 1).join();
      const view = views.get(key) ?? { tree: treeOf([...seen.values()], contents), containers: [], depth };
      view.containers.push(image.name);
      views.set(key, view);
      tree = view.tree;
    }
    return { ...image, tree };
  });
  return { images, views: [...views.values()].sort((a, b) => b.depth - a.depth) };
}

/** A layer has no disk of its own: rules of disks would find it in order. */
function treeOf(entries: readonly SealedEntry[], contents: number): SealedTree {
  const superblock = { uuid: '', clean: true, journalPending: false, errorsRecorded: false };
  return new SealedTree({ entries, hidden: [], superblock, efi: 'absent', contents });
}
