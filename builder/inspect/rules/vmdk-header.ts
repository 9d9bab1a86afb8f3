import { COMPRESSION_DEFLATE, GRAIN_SECTORS, TABLE_ENTRIES } from '../../formats/vmdk/layout.ts';
import type { Finding, Rule } from '../rule.ts';
import { isSparse, MOST_SECTORS, type SparseHeader } from '../sparse-header.ts';

const DEMANDS: readonly { holds: (header: SparseHeader) => boolean; what: (header: SparseHeader) => string }[] = [
  { holds: ({ version }) => version === 3, what: ({ version }) => `The version is ${version}, not 3` },
  {
    holds: ({ flags }) => (flags & 0x30001) === 0x30001,
    what: ({ flags }) => `The flags 0x${flags.toString(16)} lack newline test, compressed grains or markers`,
  },
  {
    holds: ({ grainSectors }) => grainSectors === GRAIN_SECTORS,
    what: ({ grainSectors }) => `Grains have ${grainSectors} sectors, not 128`,
  },
  {
    holds: ({ tableEntries }) => tableEntries === TABLE_ENTRIES,
    what: ({ tableEntries }) => `Grain tables have ${tableEntries} entries, not 512`,
  },
  {
    holds: ({ compression }) => compression === COMPRESSION_DEFLATE,
    what: ({ compression }) => `The compression is ${compression}, not 1 (deflate)`,
  },
  {
    holds: ({ capacity }) => capacity > 0 && capacity % GRAIN_SECTORS === 0,
    what: ({ capacity }) => `The capacity of ${capacity} sectors is no multiple of a grain`,
  },
  { holds: ({ capacity }) => capacity <= MOST_SECTORS, what: ({ capacity }) => `The capacity of ${capacity} sectors is above 62 TiB` },
  {
    holds: ({ newlineTest }) => newlineTest.toString('latin1') === '\n \r\n',
    what: () => 'The newline test fails: the file was transferred as text',
  },
  { holds: ({ unclean }) => !unclean, what: () => 'The disk was not closed properly' },
];

export const vmdkHeader: Rule = {
  name: 'vmdk-header',
  severity: 'error',
  scope: 'disk',
  demand: 'The header is that of a streamOptimized VMDK.',
  check: ({ path, header }) => {
    const finding = (message: string): Finding => ({
      message,
      where: { file: path },
      remedy: 'Write the disk as streamOptimized VMDK: unitsmith pack DISK --name NAME --formats vmdk.',
    });
    if (!isSparse(header)) return [finding('The file does not begin with KDMV: it is no sparse VMDK')];
    return DEMANDS.filter(({ holds }) => !holds(header)).map(({ what }) => finding(what(header)));
  },
};
