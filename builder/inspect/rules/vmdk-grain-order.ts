import type { Rule } from '../rule.ts';

export const vmdkGrainOrder: Rule = {
  name: 'vmdk-grain-order',
  severity: 'error',
  scope: 'disk',
  demand: 'Grains stand in ascending order of their place on the disk.',
  check: async (disk, { signal }) =>
    disk.isStream
      ? (await disk.scan(signal)).order.map(({ byte, message }) => ({
          message: `At byte ${byte}: ${message}`,
          where: { file: disk.path },
          remedy: 'Write the disk from its first sector to its last: importers read it once, from front to back.',
        }))
      : [],
};
