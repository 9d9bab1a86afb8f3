/** mkfs.fat(8): a FAT32 file system inside a larger file. */
import { SECTOR } from './sfdisk.ts';

export interface FatRequest {
  file: string;
  /** In sectors of 512 bytes. */
  start: number;
  size: number;
  /** Eight hexadecimal digits. */
  volumeId: string;
  label: string;
}

/** One sector a cluster: a small partition would else have too few clusters to count as FAT32. */
export function mkfsFatArguments(request: FatRequest): string[] {
  return [
    ...['-F', '32', '-s', '1', '-S', String(SECTOR), '-i', request.volumeId, '-n', request.label, '-h', String(request.start)],
    ...['--offset', String(request.start), '--invariant', request.file, String((request.size * SECTOR) / 1024)],
  ];
}
