import type { Rule } from '../rule.ts';

export const manifestCoverage: Rule = {
  name: 'manifest-coverage',
  severity: 'error',
  scope: 'manifest',
  demand: 'The manifest lists the .ovf and every file of References once, and not itself.',
  check: ({ path, name, lines }, subject) => {
    const listed = lines.flatMap(({ entry, number }) => (entry === undefined ? [] : [{ file: entry.file, number }]));
    const wanted = [subject.descriptor?.name, ...(subject.ovf?.files() ?? []).map(({ href }) => href)].filter((file) => file !== undefined);
    const missing = wanted
      .filter((file) => !listed.some((line) => line.file === file))
      .map((file) => ({ message: `${file} is not in the manifest`, where: { file: path }, remedy: 'Add its line.' }));
    const needless = listed
      .filter(
        ({ file }, index) =>
          file === name ||
          (subject.ovf !== undefined && !wanted.includes(file)) ||
          listed.findIndex((line) => line.file === file) !== index,
      )
      .map(({ file, number }) => ({
        message: `${file} does not belong into the manifest here`,
        where: { file: path, line: number },
        remedy: 'Take the line out.',
      }));
    return [...missing, ...needless];
  },
};
