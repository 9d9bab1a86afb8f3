import { sep } from 'node:path';
import { Option } from 'commander';

import type { LoadedImage } from '../definition/definition.ts';
import { loadImage } from '../definition/load.ts';
import { diffLock, type Lock, lockPath, readLock, writeLock } from '../definition/lock.ts';
import { findImages, show } from '../definition/resolve.ts';
import { ExitCode, UserError } from '../kit/errors.ts';
import { takeBuildLock } from '../pipeline/build-lock.ts';
import type { ArchiveOptions } from '../sources/debian/archive.ts';
import { compareFiles } from '../sources/locked.ts';
import { lockImage } from '../stages/lock.ts';
import type { Cli, Session } from './cli.ts';

export function register(cli: Cli): void {
  cli.program
    .command('lock [image...]')
    .description('write lock.json: the exact packages and artifacts of an image; of all images in ./images where none is named')
    .option('--update', "fetch the package archive's index now, whatever its age")
    .addOption(new Option('--offline', 'take only what earlier runs have fetched').conflicts('update'))
    .option('--mirror <url>', 'package archive to use on this machine instead of the public one')
    .addHelpText(
      'after',
      '\nOnly this command writes lock.json. Artifacts are held to it at every bake; packages may move with security updates,\nand the provenance of a bake names the difference.\n\nExamples:\n  unitsmith lock sphere\n  unitsmith lock ./my-shop --update\n  unitsmith lock sphere --mirror http://mirror.example.org/debian',
    )
    .action(cli.run('lock', async (session, images: string[], options: ArchiveOptions) => lockAll(session, images, options)));
}

async function lockAll(session: Session, images: readonly string[], options: ArchiveOptions): Promise<ExitCode> {
  const { ctx, cleanup } = session;
  const cwd = process.cwd();
  const names = images.length > 0 ? images : [...(await findImages(cwd)).values()].filter((folder) => folder.startsWith(cwd + sep));
  if (names.length === 0) {
    throw new UserError('There is no image to lock', {
      exitCode: ExitCode.usage,
      remedies: ['name one: unitsmith lock IMAGE', 'or write one: unitsmith new NAME'],
    });
  }
  // All are read first: an error in the last one must not come after minutes of work on the first.
  const loaded: LoadedImage[] = [];
  for (const name of names) loaded.push(await loadImage(name, ctx));
  await takeBuildLock(ctx.cacheDir, cleanup);
  const results = [];
  for (const image of loaded) {
    const before = await readLock(image.folder).catch(() => undefined);
    const lock = await lockImage(image, options, ctx, cleanup);
    await writeLock(image.folder, lock);
    const changes = changesOf(before, lock);
    results.push({ image: image.definition.name, file: lockPath(image.folder), ...changes });
    session.print(summary(show(lockPath(image.folder), cwd), lock, before === undefined, changes));
  }
  ctx.events.emit({ type: 'result', command: 'lock', data: { images: results } });
  return ExitCode.ok;
}

interface Changes {
  packages: ReturnType<typeof diffLock>;
  /** Names of artifacts that are new, gone or of other files. */
  artifacts: string[];
}

function changesOf(before: Lock | undefined, after: Lock): Changes {
  const none = { kind: '', files: [] };
  const names = [...new Set([...Object.keys(before?.artifacts ?? {}), ...Object.keys(after.artifacts)])].sort();
  return {
    packages: diffLock({ packages: before?.packages ?? [] }, after.packages),
    artifacts: names.filter((name) => compareFiles(before?.artifacts[name] ?? none, after.artifacts[name] ?? none).length > 0),
  };
}

function summary(file: string, lock: Lock, first: boolean, { packages, artifacts }: Changes): string {
  const size = `${lock.packages.length} packages, ${Object.keys(lock.artifacts).length} artifacts`;
  if (first) return `${file}: ${size}`;
  const lines = [
    ...packages.added.map(({ name, version }) => `  + ${name} ${version}`),
    ...packages.removed.map(({ name, version }) => `  - ${name} ${version}`),
    ...packages.changed.map(({ name, from, to }) => `  ~ ${name} ${from} -> ${to}`),
    ...artifacts.map((name) => `  ~ artifact ${name}`),
  ];
  return [`${file}: ${size}${lines.length === 0 ? ', nothing changed' : ''}`, ...lines].join('\n');
}
