/** A container image that is there already: of a registry, by digest, or an archive or folder that stands in for the artifact. */
import { existsSync } from 'node:fs';
import { mkdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';

import type { Cleanup } from '../../kit/cleanup.ts';
import { run } from '../../kit/command.ts';
import type { Context } from '../../kit/context.ts';
import { ExitCode, ToolError, UserError } from '../../kit/errors.ts';
import { temporaryFolder } from '../../kit/files.ts';
import { hashData } from '../../kit/hash.ts';
import { skopeoCopy } from '../../tools/skopeo.ts';
import { markUsed } from '../kept.ts';
import { unpackArgs } from '../place.ts';

export interface PullRequest {
  artifact: string;
  image: string;
  architecture: string;
  offline: boolean;
}

/** Path of the image as a docker-archive(5), from the cache where it was pulled before. @throws UserError(source) */
export async function pullImage(request: PullRequest, ctx: Context, cleanup: Cleanup): Promise<string> {
  const key = hashData({ image: request.image, architecture: request.architecture });
  const stored = join(ctx.cacheDir, 'downloads', 'built', `${key}.tar`);
  if (existsSync(stored)) {
    await markUsed(stored);
    return stored;
  }
  if (request.offline) throw notInCache(request);
  const work = await temporaryFolder(join(ctx.cacheDir, 'tmp'), 'image-', cleanup);
  ctx.events.progress(`pulling ${request.image}`);
  try {
    await skopeoCopy(ctx, `docker://${request.image}`, join(work, 'image.tar'), request.architecture);
  } catch (error) {
    throw error instanceof ToolError && !error.failure.missing ? notPulled(request, error) : error;
  }
  await mkdir(join(stored, '..'), { recursive: true });
  await rename(join(work, 'image.tar'), stored);
  return stored;
}

/** Writes `path`, whatever form the image has there, as a docker-archive(5) `file`. @throws UserError(source) */
export async function takeImage(artifact: string, path: string, file: string, architecture: string, ctx: Context): Promise<void> {
  try {
    await skopeoCopy(ctx, `${await formOf(path, ctx)}:${path}`, file, architecture);
  } catch (error) {
    throw error instanceof ToolError && !error.failure.missing ? noImage(artifact, path, error) : error;
  }
}

/** The parts of a docker-archive(5) as files in `folder`. */
export async function unpackImage(archive: string, folder: string, ctx: Context): Promise<void> {
  await mkdir(folder, { recursive: true });
  await run(ctx, 'bsdtar', unpackArgs(archive, folder));
}

/** containers-transports(5). `docker save` writes both a manifest.json and an OCI layout; the first is enough. */
async function formOf(path: string, ctx: Context): Promise<string> {
  if ((await stat(path)).isDirectory()) return existsSync(join(path, 'oci-layout')) ? 'oci' : 'dir';
  const { stdout } = await run(ctx, 'bsdtar', ['--list', '--file', path], { quiet: true });
  return /^(?:\.\/)?manifest\.json$/m.test(stdout) ? 'docker-archive' : 'oci-archive';
}

function notPulled(request: PullRequest, error: ToolError): UserError {
  return new UserError(`Artifact ${request.artifact}: the image cannot be pulled`, {
    exitCode: ExitCode.source,
    why: `it should be at ${request.image}`,
    remedies: [
      'check the name and the digest: skopeo inspect docker://IMAGE',
      'log in to the registry on this machine: skopeo login REGISTRY; the log-in never gets into an image',
      `or take an archive of it, as docker save writes one: --artifact ${request.artifact}=PATH`,
    ],
    excerpt: { title: 'skopeo copy', lines: error.failure.tail },
    cause: error,
  });
}

function noImage(artifact: string, path: string, error: ToolError): UserError {
  return new UserError(`Artifact ${artifact}: ${path} is no container image`, {
    exitCode: ExitCode.source,
    remedies: ['give an archive of one image, as docker save or skopeo copy writes it, or an OCI layout'],
    excerpt: { title: 'skopeo copy', lines: error.failure.tail },
    cause: error,
  });
}

function notInCache({ artifact, image }: PullRequest): UserError {
  return new UserError(`Artifact ${artifact}: ${image} is not in the download cache`, {
    exitCode: ExitCode.source,
    why: '--offline takes only what an earlier run has fetched',
    remedies: ['run once without --offline', `or name an archive of it: --artifact ${artifact}=PATH`],
  });
}
