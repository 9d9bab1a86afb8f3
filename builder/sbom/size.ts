/** What takes the room: the largest packages and folders of a disk, and whether an image keeps to its budget. */
import type { PackageFiles, SealedEntry, SealedTree } from '../audit/index.ts';
import { bytesOf, type ImageDefinition } from '../definition/definition.ts';
import type { Problem } from '../kit/errors.ts';

export interface Sized {
  name: string;
  bytes: number;
}

export interface SizeReport {
  /** Bytes of all files in whole blocks, hard links once. */
  installed: number;
  /** By what is really there: packages claim more where dpkg leaves documentation and drivers out. */
  packages: Sized[];
  folders: Sized[];
}

const BLOCK = 4096;
const LARGEST = 20;
/** A folder that has nearly all in one sub-folder says nothing: the sub-folder is listed instead. */
const IN_ONE_CHILD = 0.8;

export function sizeReport(tree: SealedTree, files: PackageFiles, count = LARGEST): SizeReport {
  const packages = new Map<string, number>();
  const folders = new Map<string, number>();
  let installed = 0;
  for (const entry of onceEach(tree.entries)) {
    const bytes = Math.ceil(entry.size / BLOCK) * BLOCK;
    installed += bytes;
    const owner = files.owner(entry.path);
    if (owner !== undefined) packages.set(owner, (packages.get(owner) ?? 0) + bytes);
    for (const folder of foldersAbove(entry.path)) folders.set(folder, (folders.get(folder) ?? 0) + bytes);
  }
  return { installed, packages: largest(packages, count), folders: largest(telling(folders), count) };
}

/** Regular files, one of several hard links only: they share their content. */
function onceEach(entries: readonly SealedEntry[]): SealedEntry[] {
  const seen = new Set<number>();
  return entries.filter(({ type, offset }) => {
    if (type !== 'file' || (offset !== undefined && seen.has(offset))) return false;
    if (offset !== undefined) seen.add(offset);
    return true;
  });
}

function foldersAbove(path: string): string[] {
  const parts = path.split('/').slice(1, -1);
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`);
}

function telling(folders: ReadonlyMap<string, number>): Map<string, number> {
  const largestChild = new Map<string, number>();
  for (const [path, bytes] of folders) {
    const parent = path.slice(0, path.lastIndexOf('/'));
    largestChild.set(parent, Math.max(largestChild.get(parent) ?? 0, bytes));
  }
  return new Map([...folders].filter(([path, bytes]) => (largestChild.get(path) ?? 0) < bytes * IN_ONE_CHILD));
}

function largest(sizes: ReadonlyMap<string, number>, count: number): Sized[] {
  return [...sizes]
    .map(([name, bytes]) => ({ name, bytes }))
    .sort((a, b) => b.bytes - a.bytes || (a.name < b.name ? -1 : 1))
    .slice(0, count);
}

export type Budget = NonNullable<ImageDefinition['budget']>;

/** One problem for each size over its budget. `actual` in bytes; what was not made is left out. */
export function checkBudget(budget: Budget, actual: Readonly<Partial<Record<keyof Budget, number>>>, report: SizeReport): Problem[] {
  const problems: Problem[] = [];
  for (const what of ['installed', 'ova', 'qcow2'] as const) {
    const allowed = budget[what];
    const bytes = actual[what];
    if (allowed === undefined || bytes === undefined || bytes <= bytesOf(allowed)) continue;
    const first = report.packages.slice(0, 3).map((item) => `${item.name} (${mebibytes(item.bytes)})`);
    problems.push({
      message: `${what === 'installed' ? 'What is installed' : `The ${what}`} takes ${mebibytes(bytes)}, its budget is ${allowed}`,
      where: { file: 'image.yaml', path: `/budget/${what}` },
      suggestion: `Drop what is not needed, or raise the budget. The largest packages: ${first.join(', ')}.`,
    });
  }
  return problems;
}

function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MiB`;
}

/** The report as text, largest first. */
export function sizeText(report: SizeReport): string {
  const list = (title: string, items: readonly Sized[]): string[] => [
    `${title}:`,
    ...items.map(({ name, bytes }) => `${(bytes / 2 ** 20).toFixed(1).padStart(8)} MiB  ${name}`),
    '',
  ];
  return [
    `Installed: ${mebibytes(report.installed)}`,
    '',
    ...list('Largest packages', report.packages),
    ...list('Largest folders', report.folders),
  ].join('\n');
}
