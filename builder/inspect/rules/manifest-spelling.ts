import type { Rule } from '../rule.ts';

export const manifestSpelling: Rule = {
  name: 'manifest-spelling',
  severity: 'error',
  scope: 'manifest',
  demand: 'Each line is exactly `SHA256(<file>)= <lower-case hex>`.',
  check: ({ path, lines }) =>
    lines
      .filter(({ text }) => !/^SHA256\([^()]+\)= [0-9a-f]{64}$/.test(text))
      .map(({ number, text, entry }) => ({
        message: entry?.algorithm.toUpperCase() === 'SHA1' ? `A SHA-1 digest: ${text}` : `Not spelled as importers want it: ${text}`,
        where: { file: path, line: number },
        remedy: 'Write SHA256(<file>)= <64 lower-case digits>, without a space before the bracket.',
      })),
};
