import type { Finding, Rule } from '../rule.ts';
import { isSparse } from '../sparse-header.ts';

const DEMANDED: Record<string, RegExp> = {
  createType: /^streamOptimized$/,
  CID: /^(?!f{7}[ef]$)[0-9a-f]{8}$/i,
  parentCID: /^f{8}$/i,
  'ddb.adapterType': /^lsilogic$/,
  'ddb.geometry.heads': /^255$/,
  'ddb.geometry.sectors': /^63$/,
};

export const vmdkDescriptor: Rule = {
  name: 'vmdk-descriptor',
  severity: 'error',
  scope: 'disk',
  demand: 'The embedded descriptor stands at sector 1 and describes a streamOptimized disk without a parent.',
  check: ({ path, header, descriptor }) => {
    if (!isSparse(header)) return [];
    const finding = (message: string): Finding => ({
      message,
      where: { file: path },
      remedy: 'Write the disk again as streamOptimized VMDK.',
    });
    if (header.descriptorSector !== 1 || descriptor === undefined) return [finding('There is no text descriptor at sector 1')];
    return Object.entries(DEMANDED).flatMap(([key, demanded]) => {
      const value = descriptor.values.get(key);
      return value !== undefined && demanded.test(value) ? [] : [finding(`${key} is ${value ?? 'missing'}`)];
    });
  },
};
