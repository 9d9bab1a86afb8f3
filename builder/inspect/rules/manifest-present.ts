import type { Rule } from '../rule.ts';

export const manifestPresent: Rule = {
  name: 'manifest-present',
  severity: 'warning',
  scope: 'file',
  demand: 'There is a manifest with the hashes of all parts.',
  check: (subject) =>
    subject.kind === 'vmdk' || subject.manifest !== undefined
      ? []
      : [
          {
            message: 'There is no manifest: importers cannot tell whether a part was damaged',
            where: { file: subject.path },
            remedy: 'Add <name>.mf with the SHA-256 of the .ovf and of each file.',
          },
        ],
};
