import type { Rule } from '../rule.ts';

export const tarComplete: Rule = {
  name: 'tar-complete',
  severity: 'error',
  scope: 'archive',
  demand: 'The tar is whole and ends with two empty blocks.',
  check: (archive) =>
    archive.broken === undefined
      ? []
      : [
          {
            message: `The archive cannot be read to its end: ${archive.broken}`,
            where: { file: archive.path },
            remedy: 'Fetch or write the file again: it was cut short or changed on the way.',
          },
        ],
};
