/** The exact packages that a list of names brings into an empty system, as mmdebstrap(1) will install it. */
import { basename } from 'node:path';
import { similarNames } from '../../../firstboot/settings/nearest.ts';
import type { Context } from '../../kit/context.ts';
import { ExitCode, type Location, type Problem, ToolError, UserError } from '../../kit/errors.ts';
import { aptExplain, aptInstallUris, aptNames, aptShow } from '../../tools/apt.ts';
import type { Archive } from './archive.ts';
import type { LocalDeb } from './deb.ts';
import { fieldsOf, type ResolvedPackage, splitStanzas, toPackage } from './stanza.ts';

export interface Solution {
  /** In the order of names. */
  packages: ResolvedPackage[];
  /** Name of each package to its index entry, for the Packages file of a local repository. */
  stanzas: Record<string, string>;
}

/**
 * Every essential package, apt itself, `names`, `debs` and all they depend on; recommended packages are not taken. It
 * is what `mmdebstrap --variant=essential --include=apt,...` installs.
 * @param locate where a name stands in the definition, for the error
 * @throws UserError(definition) for names that the archive does not have, UserError(source) where they exclude each other
 */
export async function solve(
  archive: Archive,
  names: readonly string[],
  debs: readonly LocalDeb[],
  ctx: Context,
  locate: (name: string) => Location | undefined = () => undefined,
): Promise<Solution> {
  const paths = debs.map((deb) => deb.path);
  const wanted = ['?essential', 'apt', ...names, ...debs.map((deb) => `${deb.name}=${deb.version}`)];
  let uris: string;
  try {
    uris = await aptInstallUris(ctx, archive.apt, wanted, paths);
  } catch (error) {
    if (!(error instanceof ToolError) || error.failure.missing) throw error;
    throw (await unknownNames(archive, names, ctx, locate)) ?? cannotInstall(error, await aptExplain(ctx, archive.apt, wanted, paths));
  }
  const files = parseUris(uris);
  const shown = await aptShow(
    ctx,
    archive.apt,
    files.map((file) => `${file.name}=${file.version}`),
    paths,
  ); // prettier-ignore
  return match(files, splitStanzas(shown), debs);
}

export interface UriLine {
  url: string;
  name: string;
  version: string;
  /** Absent for local .deb files. */
  sha256: string | undefined;
}

/** Lines of `apt-get --print-uris`: 'URI' name_version_architecture.deb size SHA256:hash. */
export function parseUris(text: string): UriLine[] {
  const lines: UriLine[] = [];
  for (const line of text.split('\n')) {
    const found = /^'([^']+)' ([^_\s]+)_([^_\s]+)_[^_\s]+\.deb \d+ ?(?:SHA256:([0-9a-f]{64}))?/.exec(line);
    const [, url, name, version, sha256] = found ?? [];
    if (url === undefined || name === undefined || version === undefined) continue;
    lines.push({ url, name, version: decodeURIComponent(version), sha256 });
  }
  return lines;
}

function match(files: readonly UriLine[], stanzas: readonly string[], debs: readonly LocalDeb[]): Solution {
  const byHash = new Map(stanzas.map((stanza) => [fieldsOf(stanza).get('SHA256'), stanza]));
  const solution: Solution = { packages: [], stanzas: {} };
  for (const file of files) {
    const deb = debs.find((candidate) => candidate.name === file.name && candidate.version === file.version);
    const stanza = deb?.stanza ?? byHash.get(file.sha256);
    if (stanza === undefined) throw new Error(`apt names ${file.name} ${file.version} and does not show it`);
    solution.packages.push(toPackage(stanza, deb === undefined ? file.url : `file:${basename(deb.path)}`));
    solution.stanzas[file.name] = stanza;
  }
  solution.packages.sort((a, b) => (a.name < b.name ? -1 : 1));
  return solution;
}

async function unknownNames(
  archive: Archive,
  names: readonly string[],
  ctx: Context,
  locate: (name: string) => Location | undefined,
): Promise<UserError | undefined> {
  const shown = splitStanzas(await aptShow(ctx, archive.apt, names, []));
  const known = new Set(shown.map((stanza) => fieldsOf(stanza).get('Package')));
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length === 0) return undefined;
  const all = await aptNames(ctx, archive.apt);
  const problems = unknown.map((name): Problem => {
    const where = locate(name);
    const similar = similarNames(name, all);
    return {
      message: `there is no package ${name}`,
      ...(where === undefined ? {} : { where }),
      ...(similar.length === 0 ? {} : { suggestion: `Did you mean ${similar.join(', ')}?` }),
    };
  });
  return new UserError(unknown.length === 1 ? `There is no package ${unknown[0]}` : `${unknown.length} packages do not exist`, {
    exitCode: ExitCode.definition,
    why: `looked for in ${archive.lines.map((line) => line.replace(/^deb /, '')).join(', ')}; index of ${archive.updated.toISOString().slice(0, 10)}`,
    problems,
    remedies: ['correct the name; packages.debian.org knows them all', 'if it was added today: --update fetches the index anew'],
  });
}

function cannotInstall(error: ToolError, reasons: readonly string[]): UserError {
  return new UserError('The packages cannot be installed together', {
    exitCode: ExitCode.source,
    excerpt: { title: 'apt-get install', lines: [...reasons, ...error.failure.tail] },
    remedies: ['take out the package that apt names', 'fetch the index anew: --update'],
    cause: error,
  });
}
