/** What a virtual machine is made of: plain data from which argv.ts makes QEMU's command line. */
import type { KeyPair } from './ssh.ts';

export const FIRMWARES = ['bios', 'uefi'] as const;
export type Firmware = (typeof FIRMWARES)[number];

/** Disk controllers of the hypervisors that images meet; `lsisas1068` stands for VMware's LSI Logic SAS. */
export const CONTROLLERS = ['pvscsi', 'ahci', 'nvme', 'virtio-scsi', 'virtio-blk', 'lsisas1068'] as const;
export type Controller = (typeof CONTROLLERS)[number];

export const NICS = ['vmxnet3', 'e1000', 'virtio'] as const;
export type Nic = (typeof NICS)[number];

/** How this host runs machines; accel.ts finds it out. */
export interface Acceleration {
  kind: 'kvm' | 'tcg';
  cpuModel: string;
  /** Why it is so, as a sentence. */
  reason: string;
  /** How much longer a guest may take than on hardware virtualisation. */
  timeoutFactor: number;
}

export interface DiskSpec {
  /** Written to: give an overlay, never the artefact. */
  path: string;
  format: 'qcow2' | 'raw';
  /** What the guest has flushed outlives `Machine.cut`; for a throw-away overlay that only costs time. */
  durable?: boolean;
}

export interface GuestServer {
  /** In 10.0.2.0/24, and nobody else's there. */
  address: string;
  port: number;
  /** Port on 127.0.0.1 of this host. */
  hostPort: number;
}

export interface MachineSpec {
  /** For messages, logs and temporary names: lower-case words with hyphens. */
  name: string;
  firmware: Firmware;
  controller: Controller;
  nic: Nic;
  cpus: number;
  memoryMiB: number;
  disk: DiskSpec;
  dataDisks?: readonly DiskSpec[];
  /** ISO files, read-only. */
  cdroms?: readonly string[];
  /** The machine's own identity (SMBIOS); two clones differ in it. */
  uuid: string;
  /** systemd system credentials by SMBIOS OEM strings: name to value (systemd.system-credentials(7)). */
  credentials?: Readonly<Record<string, string>>;
  /** Of a machine that had this disk before: systemd leaves an authorized_keys that is there as it is. A new one by default. */
  key?: KeyPair;
  /** No key goes in: a machine whose owner has given none. There is no log-in then. */
  keyless?: boolean;
  /** Ports of the guest that are to be reached from a free port of 127.0.0.1; 22 always is. */
  forwards?: readonly number[];
  /** Servers of the host that the guest, cut off from everything else, may reach. */
  servers?: readonly GuestServer[];
  /** A cable to nobody: no DHCP, no forwards, no SSH. */
  alone?: boolean;
  /** A second network card, on an Ethernet that it shares with the machines of this host that name the same UDP port, and with nobody else. */
  lan?: number;
  /** Joins the guest's network to a link of ours, so that it can be scanned from outside. */
  scan?: boolean;
}

/** QEMU's user network gives the one guest on it this address (documented default of -netdev user). */
export const GUEST_IPV4 = '10.0.2.15';

/** A MAC address in QEMU's range that follows from the machine's UUID, so that clones have one each. */
export function macOf(uuid: string): string {
  return `52:54:00:${tailOf(uuid)}`;
}

/** Of its second card: beside that range, a locally administered address too. */
export function lanMacOf(uuid: string): string {
  return `52:54:01:${tailOf(uuid)}`;
}

function tailOf(uuid: string): string {
  const tail = uuid.replaceAll('-', '').slice(-6).padStart(6, '0');
  return `${tail.slice(0, 2)}:${tail.slice(2, 4)}:${tail.slice(4, 6)}`;
}
