/** Where the partitions are: BIOS boot, EFI system, and the root as the last one, so that it can be grown. */
import { createHash } from 'node:crypto';

import { ExitCode, UserError } from '../../kit/errors.ts';
import { BLOCK_SIZE } from '../../tools/mke2fs.ts';
import { type Partition, SECTOR } from '../../tools/sfdisk.ts';

const MIB = 2 ** 20;
/** All partitions start on whole mebibytes: good for every disk and file system below. */
const sectors = (mebibytes: number): number => (mebibytes * MIB) / SECTOR;

const BIOS_BOOT = { start: sectors(1), size: sectors(1) };
/** FAT32 needs 65525 clusters at least (Microsoft's FAT specification): with one sector each, 33 MiB. */
const EFI_SYSTEM = { start: sectors(2), size: sectors(48) };
const ROOT_START = sectors(50);
/** The backup of the GPT stands in the last 33 sectors. */
const TAIL = sectors(1);

export interface DiskLayout {
  bytes: number;
  diskUuid: string;
  partitions: { biosBoot: Partition; efiSystem: Partition; root: Partition };
  efiVolumeId: string;
  rootUuid: string;
  rootOffset: number;
  rootBytes: number;
}

/** @param seed what the disk is made of: the same seed gives the same identifiers. */
export function diskLayout(bytes: number, seed: string): DiskLayout {
  const total = Math.floor(bytes / MIB) * (MIB / SECTOR);
  const rootSectors = total - ROOT_START - TAIL;
  const partition = (type: Partition['type'], name: string, extent: { start: number; size: number }): Partition => ({
    type,
    name,
    uuid: derivedUuid(seed, `partition ${name}`),
    ...extent,
  });
  return {
    bytes: total * SECTOR,
    diskUuid: derivedUuid(seed, 'disk'),
    partitions: {
      biosBoot: partition('biosBoot', 'bios', BIOS_BOOT),
      efiSystem: partition('efiSystem', 'efi', EFI_SYSTEM),
      root: partition('linuxRoot', 'root', { start: ROOT_START, size: rootSectors }),
    },
    efiVolumeId: derivedUuid(seed, 'efi volume').slice(0, 8).toUpperCase(),
    rootUuid: derivedUuid(seed, 'root file system'),
    rootOffset: ROOT_START * SECTOR,
    rootBytes: Math.floor((rootSectors * SECTOR) / BLOCK_SIZE) * BLOCK_SIZE,
  };
}

/** A UUID of version 8 (RFC 9562) that follows from `seed` and `purpose`. */
export function derivedUuid(seed: string, purpose: string): string {
  const bytes = createHash('sha256').update(`${seed}\n${purpose}`).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** What the unit needs beside its packages: payload, logs, databases, an upgrade. */
const ROOM = 512 * MIB;

/** @throws UserError(definition) where `installedBytes` and some room do not fit. */
export function checkFits(layout: DiskLayout, installedBytes: number): void {
  const needed = Math.ceil((installedBytes * 1.08 + ROOM) / MIB);
  const there = Math.floor(layout.rootBytes / MIB);
  if (there >= needed) return;
  throw new UserError('The system disk is too small for what is installed on it', {
    exitCode: ExitCode.definition,
    why: `the packages alone need ${Math.ceil(installedBytes / MIB)} MiB, with room to work in ${needed} MiB; the root has ${Math.max(there, 0)} MiB`,
    remedies: [`set hardware.disk to ${Math.ceil((needed + 64) / 1024)} GiB or more in image.yaml`],
  });
}
