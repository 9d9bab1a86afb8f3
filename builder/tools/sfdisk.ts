/** sfdisk(8): a partition table from a script on standard input, in a plain file. */

/** Partition types of the UEFI specification and of GRUB's documentation ("BIOS installation"). */
export const PARTITION_TYPES = {
  biosBoot: '21686148-6449-6E6F-744E-656564454649',
  efiSystem: 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B',
  /** "Linux root (x86-64)" of the Discoverable Partitions Specification. */
  linuxRoot: '4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709',
} as const;

export const SECTOR = 512;

export interface Partition {
  type: keyof typeof PARTITION_TYPES;
  name: string;
  uuid: string;
  /** In sectors of 512 bytes. */
  start: number;
  size: number;
}

/** The script of a GPT with exactly these partitions. */
export function gptScript(diskUuid: string, partitions: readonly Partition[]): string {
  const lines = partitions.map(
    ({ type, name, uuid, start, size }) => `start=${start}, size=${size}, type=${PARTITION_TYPES[type]}, uuid=${uuid}, name="${name}"`,
  );
  return ['label: gpt', `label-id: ${diskUuid}`, 'unit: sectors', `sector-size: ${SECTOR}`, ...lines, ''].join('\n');
}

export function sfdiskArguments(file: string): string[] {
  return ['--quiet', '--no-reread', '--no-tell-kernel', '--wipe', 'never', file];
}
