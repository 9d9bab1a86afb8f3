/** What a rule is, and what it is given. One rule a file in rules/, one line each in rules/index.ts. */
import type { Containers } from './containers.ts';
import type { PackageFiles } from './dpkg.ts';
import type { KeyMaterial } from './key-material.ts';
import type { SealedEntry, SealedTree } from './tree.ts';

/** A package as the rootfs stage recorded it. */
export interface RecordedPackage {
  name: string;
  version: string;
  architecture: string;
}

export interface Subject {
  tree: SealedTree;
  packages: PackageFiles;
  /** PEM blocks and keys in other forms, found in one pass over all content. */
  keys: readonly KeyMaterial[];
  recorded: readonly RecordedPackage[];
  image: string;
  /** Container images that the unit carries. */
  containers: Containers;
  /** The tree is what is in a container image, not the unit's own. */
  contained: boolean;
}

/** What a rule found at one place. */
export interface Found {
  /** Absolute path on the unit. */
  path: string;
  /** What is wrong, as a clause that follows the path. */
  message: string;
  /** Where it differs from the rule's. */
  severity?: 'error' | 'warning' | 'info';
}

export interface Rule {
  /** As definitions and reports name it. */
  name: string;
  /** What must hold, as a sentence. */
  title: string;
  /** What to do where it does not. */
  remedy: string;
  /** It holds inside container images too. */
  contained?: true;
  check(subject: Subject): Found[] | Promise<Found[]>;
}

/** A rule that looks at one entry at a time: gives what is wrong with it, or undefined. */
export function entryRule(rule: Omit<Rule, 'check'>, wrong: (entry: SealedEntry, subject: Subject) => string | undefined): Rule {
  return {
    ...rule,
    check: (subject) =>
      subject.tree.entries.flatMap((entry) => {
        const message = wrong(entry, subject);
        return message === undefined ? [] : [{ path: entry.path, message }];
      }),
  };
}
