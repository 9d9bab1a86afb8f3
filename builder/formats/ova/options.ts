/** What an OVF descriptor says beyond the disk: plain data with defaults that every supported hypervisor takes. */
export const CONTROLLERS = ['pvscsi', 'lsilogic', 'lsisas1068', 'ahci', 'nvme'] as const;
export type Controller = (typeof CONTROLLERS)[number];
/** First hardware version of the controllers that not every version has. */
export const CONTROLLER_SINCE: Partial<Record<Controller, number>> = { ahci: 10, nvme: 13 };

export const NICS = ['VmxNet3', 'E1000', 'E1000e'] as const;
export type Nic = (typeof NICS)[number];

export const PROFILES = ['vmware', 'virtualbox'] as const;
export type Profile = (typeof PROFILES)[number];

/** Distributions that importers know by name. */
export const GUEST_SYSTEMS = ['debian', 'ubuntu'] as const;
export type GuestSystem = (typeof GUEST_SYSTEMS)[number];

/** A vApp property: what a person fills in on import, and the guest reads from its OVF environment. */
export interface VappProperty {
  key: string;
  type: 'string' | 'boolean' | 'int' | 'uint16' | 'real';
  label: string;
  description: string;
  category: string;
  value: string;
  /** Only masks the input: the guest gets clear text. */
  password: boolean;
  /** DSP0243 qualifiers such as `MinLen(1) MaxLen(64)`. */
  qualifiers?: string;
}

export interface OvfOptions {
  /** Name of the virtual machine on import. */
  name: string;
  system: GuestSystem;
  product: { title: string; version: string; vendor: string; vendorUrl?: string; productUrl?: string };
  annotation: string;
  eula?: string;
  cpus: number;
  memoryMiB: number;
  controller: Controller;
  nic: Nic;
  /** vmx-13 is ESXi 6.5: old enough for all, new enough for UEFI and NVMe. */
  hardwareVersion: number;
  firmware: 'bios' | 'efi';
  /** A CD drive, for the ISO transport of the OVF environment. */
  cdrom: boolean;
  properties: readonly VappProperty[];
  dataDisks: readonly { name: string; bytes: number }[];
  profile: Profile;
}

export const OVF_DEFAULTS = {
  controller: 'pvscsi',
  nic: 'VmxNet3',
  hardwareVersion: 13,
  firmware: 'bios',
  cdrom: true,
  profile: 'vmware',
} as const;
