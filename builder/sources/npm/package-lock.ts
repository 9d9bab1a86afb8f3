/** package-lock.json, as npm 7 and later write it: https://docs.npmjs.com/cli/configuring-npm/package-lock-json */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import Type, { type Static } from 'typebox';

import { ExitCode, type Problem, UserError } from '../../kit/errors.ts';
import { readIfExists } from '../../kit/files.ts';
import { compileSchema } from '../../kit/schema.ts';

const Texts = Type.Array(Type.String());
const Entry = Type.Object({
  name: Type.Optional(Type.String()),
  version: Type.Optional(Type.String()),
  resolved: Type.Optional(Type.String()),
  integrity: Type.Optional(Type.String()),
  license: Type.Optional(Type.Unknown()),
  link: Type.Optional(Type.Boolean()),
  dev: Type.Optional(Type.Boolean()),
  optional: Type.Optional(Type.Boolean()),
  inBundle: Type.Optional(Type.Boolean()),
  hasInstallScript: Type.Optional(Type.Boolean()),
  bin: Type.Optional(Type.Record(Type.String(), Type.String())),
  os: Type.Optional(Texts),
  cpu: Type.Optional(Texts),
  libc: Type.Optional(Texts),
});
const PackageLock = Type.Object({ lockfileVersion: Type.Integer({ minimum: 2 }), packages: Type.Record(Type.String(), Entry) });
type Entry = Static<typeof Entry>;

/** One package at its place below the project. */
export interface LockedPackage {
  /** `node_modules/a/node_modules/@b/c`. */
  path: string;
  name: string;
  version: string;
  integrity: string;
  licence: string | undefined;
  /** Only development needs it. */
  dev: boolean;
  /** It comes in the archive of the package above it. */
  bundled: boolean;
  hasInstallScript: boolean;
  bin: Readonly<Record<string, string>>;
}

export interface Project {
  packages: LockedPackage[];
  /** Workspaces: place of each link, and the folder of the project that it leads to. */
  links: { path: string; target: string }[];
}

const FILE = 'package-lock.json';
/** The guest's, as npm calls it. */
const PLATFORM = { os: 'linux', cpu: 'x64', libc: 'glibc' } as const;

/** @throws UserError(definition) with every package that cannot be held to a hash. */
export async function readProject(folder: string): Promise<Project> {
  const file = join(folder, FILE);
  const text = await readIfExists(file);
  if (text === undefined || (await readIfExists(join(folder, 'package.json'))) === undefined) throw noProject(folder);
  const lock = parse(text, file);
  const project: Project = { packages: [], links: [] };
  const problems: Problem[] = [];
  for (const [path, entry] of Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!/(^|\/)node_modules\//.test(path) || (entry.optional === true && !suits(entry))) continue;
    const problem = outside(path) ? 'it is not below the project' : problemOf(entry);
    if (problem !== undefined) problems.push({ message: `${path}: ${problem}`, where: { file, line: lineOf(text, path) } });
    else if (entry.link === true) project.links.push({ path, target: entry.resolved ?? '' });
    else project.packages.push(packageOf(path, entry));
  }
  if (problems.length === 0) return project;
  throw new UserError('Not every package of package-lock.json can be taken', {
    exitCode: ExitCode.definition,
    problems,
    remedies: ['take such packages from a registry, and write the lock anew: npm install --package-lock-only'],
  });
}

function parse(text: string, file: string): Static<typeof PackageLock> {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    throw damaged(file, [{ path: '', message: String(error instanceof Error ? error.message : error) }]);
  }
  const violations = compileSchema(PackageLock)(data);
  if (violations.length > 0) throw damaged(file, violations);
  return data as Static<typeof PackageLock>;
}

function problemOf({ version, resolved = '', integrity, link, inBundle }: Entry): string | undefined {
  if (link === true) return resolved === '' || outside(resolved) ? 'the link leads out of the project' : undefined;
  if (version === undefined) return 'it has no version';
  if (inBundle === true) return undefined;
  if (/^(git|file)\b/.test(resolved)) return `it comes from ${resolved.replace(/[:+].*/s, '')}, not from a registry`;
  return integrity === undefined ? 'it has no integrity: nothing would hold it to its content' : undefined;
}

function packageOf(path: string, entry: Entry): LockedPackage {
  return {
    path,
    name: entry.name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
    version: entry.version ?? '',
    integrity: entry.integrity ?? '',
    licence: typeof entry.license === 'string' ? entry.license : undefined,
    dev: entry.dev === true,
    bundled: entry.inBundle === true,
    hasInstallScript: entry.hasInstallScript === true,
    bin: entry.bin ?? {},
  };
}

/** Whether a package is for the guest's platform: lists name what suits, or with `!` what does not. */
function suits(entry: Entry): boolean {
  return (['os', 'cpu', 'libc'] as const).every((key) => {
    const list = entry[key] ?? [];
    const own = PLATFORM[key];
    const named = list.filter((value) => !value.startsWith('!'));
    return !list.includes(`!${own}`) && (named.length === 0 || named.includes(own));
  });
}

function outside(path: string): boolean {
  return path.startsWith('/') || path.split('/').includes('..');
}

function lineOf(text: string, path: string): number {
  return text.slice(0, Math.max(0, text.indexOf(`${JSON.stringify(path)}:`))).split('\n').length;
}

/** The lock without the registry that its author had: the unit needs none, and integrity says what each package is. */
export async function withoutRegistries(folder: string): Promise<string> {
  const lock = JSON.parse(await readFile(join(folder, FILE), 'utf8')) as { packages: Record<string, Entry>; dependencies?: unknown };
  for (const entry of Object.values(lock.packages)) if (/^https?:/.test(entry.resolved ?? '')) delete entry.resolved;
  // What npm 6 read; it repeats the same.
  delete lock.dependencies;
  return `${JSON.stringify(lock, undefined, 2)}\n`;
}

function noProject(folder: string): UserError {
  return new UserError(`${folder} is no npm project that is locked`, {
    exitCode: ExitCode.definition,
    why: `package.json and ${FILE} must be in it`,
    remedies: ['npm install --package-lock-only, and commit the package-lock.json that it writes'],
  });
}

function damaged(file: string, violations: readonly { path: string; message: string }[]): UserError {
  return new UserError(`${FILE} cannot be read`, {
    exitCode: ExitCode.definition,
    problems: violations.slice(0, 5).map(({ path, message }) => ({ message, where: { file, path } })),
    remedies: ['write it anew with npm 7 or later: npm install --package-lock-only'],
  });
}
