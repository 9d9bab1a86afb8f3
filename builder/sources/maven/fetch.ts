/** Brings files of Maven repositories into the download cache. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

import type { Cleanup } from '../../kit/cleanup.ts';
import type { Context } from '../../kit/context.ts';
import { ExitCode, ToolError, UserError } from '../../kit/errors.ts';
import { temporaryFolder } from '../../kit/files.ts';
import { sha256File } from '../../kit/hash.ts';
import { withoutCredentials } from '../../kit/secrets.ts';
import { copyProject, type MavenItem, mavenCopy } from '../../tools/maven.ts';
import { notInstalled, wrongFile } from '../failures.ts';
import { markUsed } from '../kept.ts';
import type { LockedFile } from '../source.ts';
import type { DownloadStore } from '../store.ts';
import { type Coordinates, folderOf } from './coordinates.ts';

const SHOWN_LINES = 12;

export interface WantedFile extends Coordinates {
  name: string;
  /** What lock.json says; absent while it is made. */
  sha256?: string;
}

/** @throws UserError(source) where one cannot be had, or is not what the lock says. */
export async function bringFiles(
  artifact: string,
  files: readonly WantedFile[],
  store: DownloadStore,
  ctx: Context,
  cleanup: Cleanup,
): Promise<LockedFile[]> {
  const work = await temporaryFolder(join(ctx.cacheDir, 'tmp'), 'maven-', cleanup);
  // Kept, for Maven's own plugins; the files themselves would be there twice.
  const repository = join(ctx.cacheDir, 'downloads', 'maven');
  await mkdir(repository, { recursive: true });
  await markUsed(repository);
  const items = files.map((file, index) => itemOf(file, join(work, String(index))));
  await writeFile(join(work, 'pom.xml'), copyProject(items));
  ctx.events.progress(`downloading ${files.length === 1 ? files[0]?.name : `${files.length} files`} of artifact ${artifact}`);
  const lines: string[] = [];
  try {
    await mavenCopy(ctx, join(work, 'pom.xml'), repository, (line) => lines.push(line));
  } catch (error) {
    throw error instanceof ToolError ? failureOf(artifact, error, lines) : error;
  } finally {
    for (const file of files) await rm(join(repository, folderOf(file)), { recursive: true, force: true });
  }
  const taken: LockedFile[] = [];
  for (const [index, { name, version, sha256 }] of files.entries()) {
    const path = join(work, String(index), name);
    const wanted = sha256 ?? (await sha256File(path));
    const result = await store.take(path, wanted);
    if ('found' in result) throw wrongFile(artifact, { name, sha256: wanted }, result.found);
    taken.push({ name, version, sha256: wanted });
  }
  return taken;
}

function itemOf({ group, artifact, version, packaging, classifier, name }: WantedFile, folder: string): MavenItem {
  const item = { groupId: group, artifactId: artifact, version, type: packaging, outputDirectory: folder, destFileName: name };
  return classifier === undefined ? item : { ...item, classifier };
}

function failureOf(artifact: string, error: ToolError, lines: readonly string[]): UserError {
  if (error.failure.missing) return notInstalled('maven', 'mvn', 'maven');
  const shown = lines.map((line) => withoutCredentials(stripVTControlCharacters(line))).filter((line) => line !== '');
  return new UserError(`Artifact ${artifact}: Maven cannot fetch it`, {
    exitCode: ExitCode.source,
    remedies: [
      'check the coordinates: group:artifact:version:packaging:classifier',
      "check the network, and mirrors, servers and proxies in Maven's settings.xml",
      `or name a file of your own: --artifact ${artifact}=PATH`,
    ],
    excerpt: { title: 'mvn', lines: shown.slice(-SHOWN_LINES) },
    cause: error,
  });
}
