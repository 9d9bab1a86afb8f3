import type { Rule } from '../rule.ts';

export const vmdkGrainData: Rule = {
  name: 'vmdk-grain-data',
  severity: 'error',
  scope: 'disk',
  demand: 'Every grain unpacks to 64 KiB.',
  check: async (disk, { signal }) =>
    disk.isStream
      ? (await disk.scan(signal)).damaged.map(({ byte, message }) => ({
          message: `At byte ${byte}: ${message}`,
          where: { file: disk.path },
          remedy: 'The file is damaged: fetch or write it again.',
        }))
      : [],
};
