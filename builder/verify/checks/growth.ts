/** The root file system fills the disk, also where the disk is larger than the image. */
import { always, type Check, type CheckResult, passed, problem } from '../check.ts';

export const growth: Check = {
  id: 'growth',
  title: 'The root file system fills the disk',
  applies: always,
  async run({ machine, diskBytes }) {
    // ext4's own bookkeeping is in the size of the file system, not in what df calls its size.
    const script = `root=$(findmnt --noheadings --output SOURCE /)
lsblk --bytes --noheadings --nodeps --output SIZE "$root"
stat --file-system --format '%S %b' /`;
    const [partition = '', blocks = ''] = (await machine.output(script)).trim().split('\n');
    const [size = 0, count = 0] = blocks.trim().split(' ').map(Number);
    return judge({ disk: diskBytes, partition: Number(partition), fileSystem: size * count });
  },
};

const MIB = 2 ** 20;
/** Boot partitions in front, the backup partition table behind. */
const OTHERS = 600 * MIB;
/** Share of a partition that ext4 keeps for its tables and journal, at most. */
const OVERHEAD = 0.06;

/** All in bytes. */
export function judge(sizes: { disk: number; partition: number; fileSystem: number }): CheckResult {
  const facts = { ...sizes };
  if (sizes.partition < sizes.disk - OTHERS) {
    return {
      findings: [problem(`the root partition has ${mib(sizes.partition)} of a disk of ${mib(sizes.disk)}: it did not grow`)],
      facts,
    };
  }
  if (sizes.fileSystem < sizes.partition * (1 - OVERHEAD) - 64 * MIB) {
    return {
      findings: [problem(`the root file system has ${mib(sizes.fileSystem)} of a partition of ${mib(sizes.partition)}: it did not grow`)],
      facts,
    };
  }
  return passed(facts);
}

function mib(bytes: number): string {
  return `${Math.round(bytes / MIB)} MiB`;
}
