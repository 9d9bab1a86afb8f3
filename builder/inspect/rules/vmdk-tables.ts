import type { Rule } from '../rule.ts';

export const vmdkTables: Rule = {
  name: 'vmdk-tables',
  severity: 'error',
  scope: 'disk',
  demand: 'Grain directory and tables lead to the grains.',
  check: async (disk, { signal }) =>
    disk.isStream
      ? (await disk.scan(signal)).tables.map(({ byte, message }) => ({
          message: `At byte ${byte}: ${message}`,
          where: { file: disk.path },
          remedy: 'Write the disk again: readers that seek would take the wrong data.',
        }))
      : [],
};
