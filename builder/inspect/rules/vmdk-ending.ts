import type { Rule } from '../rule.ts';

export const vmdkEnding: Rule = {
  name: 'vmdk-ending',
  severity: 'error',
  scope: 'disk',
  demand: 'The stream ends with footer and end-of-stream marker.',
  check: async (disk, { signal }) =>
    disk.isStream
      ? (await disk.scan(signal)).ending.map(({ byte, message }) => ({
          message: `At byte ${byte}: ${message}`,
          where: { file: disk.path },
          remedy: 'The file was cut short, or its writer ends it in a way of its own: write it again.',
        }))
      : [],
};
