import type { Rule } from '../rule.ts';

export const tarNames: Rule = {
  name: 'tar-names',
  severity: 'error',
  scope: 'archive',
  demand: 'Members have plain ASCII base names of at most 100 characters.',
  check: (archive) =>
    archive.members
      .filter(({ name }) => !/^[\x21-\x7e]{1,100}$/.test(name) || /[\\/]/.test(name))
      .map(({ name }) => ({
        message: `${JSON.stringify(name)} is no plain base name`,
        where: { file: archive.path },
        remedy: 'Give members names of ASCII letters, digits, dots and hyphens, without folders.',
      })),
};
