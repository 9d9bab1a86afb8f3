import type { Rule } from '../rule.ts';

export const vmdkZeroGrains: Rule = {
  name: 'vmdk-zero-grains',
  severity: 'info',
  scope: 'disk',
  demand: 'Grains of zeroes are left out.',
  check: async (disk, { signal }) =>
    disk.isStream
      ? (await disk.scan(signal)).zeroes.map(({ byte, message }) => ({
          message: `At byte ${byte}: ${message}`,
          where: { file: disk.path },
          remedy: 'Leave empty grains out: the file gets smaller.',
        }))
      : [],
};
