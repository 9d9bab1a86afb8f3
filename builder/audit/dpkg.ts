/** What dpkg recorded on the sealed disk: packages, which files are theirs, and whether those are still as shipped. */
import { createHash } from 'node:crypto';

import { parseStatus, type StatusPackage } from './dpkg-status.ts';
import type { SealedEntry, SealedTree } from './tree.ts';

const INFO = '/var/lib/dpkg/info';
/** Folders that are links into /usr on a merged system, while file lists may still name them. */
const MERGED = /^\/(bin|sbin|lib|lib32|lib64|libx32)(?=\/)/;

export class PackageFiles {
  readonly packages: readonly StatusPackage[];
  readonly #tree: SealedTree;
  readonly #owners = new Map<string, string>();
  readonly #sums = new Map<string, string>();
  readonly #judged = new Map<string, boolean>();

  /** @param vendors names of packages that came as artifacts: the sums in them are their makers' word, and prove nothing. */
  constructor(tree: SealedTree, vendors: ReadonlySet<string> = new Set()) {
    this.#tree = tree;
    this.packages = parseStatus(tree.text('/var/lib/dpkg/status') ?? '');
    for (const { path, text } of tree.texts(INFO, /\.(list|md5sums)$/)) {
      const name = path.slice(INFO.length + 1).replace(/(:[a-z0-9-]+)?\.(list|md5sums)$/, '');
      if (path.endsWith('.list')) for (const file of text.split('\n')) this.#owners.set(this.#merged(file), name);
      else if (!vendors.has(name)) this.#readSums(text);
    }
    for (const { name, conffiles } of this.packages) {
      if (!vendors.has(name)) for (const [path, sum] of conffiles) this.#sums.set(this.#merged(path), sum);
    }
  }

  /** The package that ships this path. */
  owner(path: string): string | undefined {
    return this.#owners.get(path);
  }

  /**
   * True where a package of the distribution ships this file and its content is what the package's md5sums (or the
   * conffile's sum) say. So it is in every copy of that package, and no secret or identity of this image. MD5 is what dpkg
   * records; the file's author is the distribution, whose package was held to its SHA-256 when it was fetched.
   */
  unchanged(entry: SealedEntry): boolean {
    const known = this.#judged.get(entry.path);
    if (known !== undefined) return known;
    const judged = this.#matches(entry);
    this.#judged.set(entry.path, judged);
    return judged;
  }

  #matches(entry: SealedEntry): boolean {
    const sum = this.#sums.get(entry.path);
    if (sum === undefined || !this.#owners.has(entry.path)) return false;
    return createHash('md5').update(this.#tree.bytes(entry, entry.size)).digest('hex') === sum;
  }

  #readSums(text: string): void {
    for (const line of text.split('\n')) {
      const match = /^([0-9a-f]{32}) [ *](.+)$/.exec(line);
      if (match?.[1] !== undefined && match[2] !== undefined) this.#sums.set(this.#merged(`/${match[2]}`), match[1]);
    }
  }

  #merged(path: string): string {
    const top = MERGED.exec(path)?.[0];
    return top !== undefined && this.#tree.get(top)?.type === 'link' ? `/usr${path}` : path;
  }
}
