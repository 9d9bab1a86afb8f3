/** QEMU's command line of a machine: pure, and tested as a table. qemu-system-x86_64(1), QEMU 7.2 or later. */
import type { Controller, DiskSpec, MachineSpec, Nic } from './spec.ts';
import { lanMacOf, macOf } from './spec.ts';

/** What boot.ts finds out or makes before QEMU starts. */
export interface MachineFiles {
  accelerator: 'kvm' | 'tcg';
  cpuModel: string;
  serialLog: string;
  qmpSocket: string;
  /** Guest port to port on 127.0.0.1. */
  forwards: ReadonlyMap<number, number>;
  /** Port on 127.0.0.1 that gets the guest's frames (scan/link.ts); only with `scan`. */
  linkPort?: number;
  /** Code and a throw-away copy of the variables; only with UEFI. */
  ovmf?: { code: string; variables: string };
}

/** The backend that the forwards are made on; later ones come by the monitor. */
export const USER_NETWORK = 'user0';

export function qemuArgv(spec: MachineSpec, files: MachineFiles): string[] {
  return [
    ...['-name', optionValue(spec.name), '-nodefaults', '-no-user-config', '-display', 'none'],
    ...['-machine', machineValue(files), '-cpu', files.cpuModel],
    ...['-smp', String(spec.cpus), '-m', `${spec.memoryMiB}M`, '-rtc', 'base=utc', '-uuid', spec.uuid],
    ...credentialArgs(spec.credentials ?? {}),
    ...firmwareArgs(files.ovmf),
    // A screen, so that a console without one shows: hypervisors always give one.
    ...['-device', 'VGA'],
    ...['-chardev', `file,id=serial0,path=${optionValue(files.serialLog)}`, '-serial', 'chardev:serial0'],
    ...['-qmp', `unix:${optionValue(files.qmpSocket)},server=on,wait=off`],
    ...diskArgs(spec),
    ...cdromArgs(spec.cdroms ?? []),
    ...networkArgs(spec, files),
    ...lanArgs(spec),
  ];
}

/** QEMU splits option values at commas; a doubled comma stands for one. */
export function optionValue(text: string): string {
  return text.replaceAll(',', ',,');
}

function machineValue(files: MachineFiles): string {
  const flash = files.ovmf === undefined ? '' : ',pflash0=code,pflash1=variables';
  return `q35,accel=${files.accelerator}${flash}`;
}

function firmwareArgs(ovmf: MachineFiles['ovmf']): string[] {
  if (ovmf === undefined) return [];
  return [
    ...blockdev({ driver: 'raw', 'node-name': 'code', 'read-only': true, file: { driver: 'file', filename: ovmf.code } }),
    ...blockdev({ driver: 'raw', 'node-name': 'variables', file: { driver: 'file', filename: ovmf.variables } }),
  ];
}

function credentialArgs(credentials: Readonly<Record<string, string>>): string[] {
  return Object.entries(credentials).flatMap(([name, value]) => {
    const credential = `io.systemd.credential.binary:${name}=${Buffer.from(value).toString('base64')}`;
    return ['-smbios', `type=11,value=${optionValue(credential)}`];
  });
}

/** The controller that carries the disks, where it is a device of its own, and how a disk stands on it. */
const CONTROLLER: Record<Controller, { device: string | undefined; disk: string; bus: (index: number) => string }> = {
  pvscsi: { device: 'pvscsi,id=disks', disk: 'scsi-hd', bus: (index) => `,bus=disks.0,scsi-id=${index}` },
  ahci: { device: 'ich9-ahci,id=disks', disk: 'ide-hd', bus: (index) => `,bus=disks.${index}` },
  nvme: { device: undefined, disk: 'nvme', bus: () => '' },
  'virtio-scsi': { device: 'virtio-scsi-pci,id=disks', disk: 'scsi-hd', bus: (index) => `,bus=disks.0,scsi-id=${index}` },
  'virtio-blk': { device: undefined, disk: 'virtio-blk-pci', bus: () => '' },
  lsisas1068: {
    device: 'mptsas1068,id=disks',
    disk: 'scsi-hd',
    // Linux's mptsas takes a device without a SAS address, QEMU's default, for none.
    bus: (index) => `,bus=disks.0,scsi-id=${index},wwn=0x${(SAS_ADDRESS + BigInt(index)).toString(16)}`,
  },
};

/** NAA 5 with no registered company, so that it is nobody's. */
const SAS_ADDRESS = 0x5000000000000001n;

function diskArgs(spec: MachineSpec): string[] {
  const controller = CONTROLLER[spec.controller];
  const disks = [spec.disk, ...(spec.dataDisks ?? [])].flatMap((disk, index) => [
    ...blockdev(diskNode(disk, `disk${index}`)),
    '-device',
    `${controller.disk},drive=disk${index},serial=disk${index}${controller.bus(index)}${index === 0 ? ',bootindex=1' : ''}`,
  ]);
  return [...(controller.device === undefined ? [] : ['-device', controller.device]), ...disks];
}

function diskNode(disk: DiskSpec, node: string): object {
  return {
    driver: disk.format,
    'node-name': node,
    discard: 'unmap',
    // Overlays are thrown away: a flush that reaches the host's disk would only cost time. One that ends in the host's memory
    // outlives QEMU, but not the host.
    cache: { 'no-flush': disk.durable !== true },
    file: { driver: 'file', filename: disk.path, discard: 'unmap', cache: { 'no-flush': true } },
  };
}

/** CDs stand on q35's own SATA controller, as on the IDE or SATA controller of a hypervisor. */
function cdromArgs(cdroms: readonly string[]): string[] {
  return cdroms.flatMap((path, index) => [
    ...blockdev({ driver: 'raw', 'node-name': `cd${index}`, 'read-only': true, file: { driver: 'file', filename: path } }),
    ...['-device', `ide-cd,drive=cd${index},bus=ide.${index}`],
  ]);
}

const NIC: Record<Nic, string> = { vmxnet3: 'vmxnet3', e1000: 'e1000', virtio: 'virtio-net-pci' };

/** No boot ROM: nobody boots from these networks, and firmware takes seconds to find that out. */
function networkCard({ nic }: MachineSpec, netdev: string, mac: string): string {
  return `${NIC[nic]},netdev=${netdev},mac=${mac},romfile=`;
}

/** A group of multicast on loopback, of those for local use (RFC 2365): frames of one are seen by all. */
const LAN_GROUP = '239.77.0.1';

function lanArgs(spec: MachineSpec): string[] {
  if (spec.lan === undefined) return [];
  const wire = `socket,id=lan0,mcast=${LAN_GROUP}:${spec.lan},localaddr=127.0.0.1`;
  return ['-netdev', wire, '-device', networkCard(spec, 'lan0', lanMacOf(spec.uuid))];
}

function networkArgs(spec: MachineSpec, files: MachineFiles): string[] {
  const device = (netdev: string): string => networkCard(spec, netdev, macOf(spec.uuid));
  if (spec.alone === true) return ['-netdev', 'hubport,id=net0,hubid=0', '-device', device('net0')];
  const forwards = [...files.forwards].map(([guest, host]) => `,${forwardOption(guest, host)}`).join('');
  // A program for each connection: QEMU's own `tcp:` target is one connection for all.
  const servers = (spec.servers ?? []).map(
    ({ address, port, hostPort }) => `,guestfwd=tcp:${address}:${port}-cmd:nc 127.0.0.1 ${hostPort}`,
  );
  const user = `user,id=${USER_NETWORK},restrict=on${forwards}${servers.join('')}`;
  if (files.linkPort === undefined) return ['-netdev', user, '-device', device(USER_NETWORK)];
  const link = `dgram,id=link0,local.type=inet,local.host=127.0.0.1,local.port=0,remote.type=inet,remote.host=127.0.0.1,remote.port=${files.linkPort}`;
  return [
    ...['-netdev', user, '-netdev', link],
    ...['-netdev', `hubport,id=hub0,hubid=0,netdev=${USER_NETWORK}`, '-netdev', 'hubport,id=hub1,hubid=0,netdev=link0'],
    ...['-netdev', 'hubport,id=net0,hubid=0', '-device', device('net0')],
  ];
}

/** One forwarding rule: of `-netdev user` and, after a space, of the monitor's hostfwd_add. To the guest's first address by default. */
export function forwardRule(guestPort: number, hostPort: number, address = ''): string {
  return `tcp:127.0.0.1:${hostPort}-${address}:${guestPort}`;
}

function forwardOption(guestPort: number, hostPort: number): string {
  return `hostfwd=${forwardRule(guestPort, hostPort)}`;
}

function blockdev(node: object): string[] {
  return ['-blockdev', JSON.stringify(node)];
}
