/** The classic bake as a Packer template and a script: boot a base, apt-get install, power off. Pure. */
import type { PackerTemplate } from '../../../builder/tools/packer/template.ts';
import type { Acceleration } from '../../../builder/vm/spec.ts';

/** Names in the work folder. */
export const WORK = {
  template: 'classic.pkr.json',
  base: 'base.qcow2',
  kernel: 'vmlinuz',
  initrd: 'initrd.img',
  key: 'key',
  script: 'install.sh',
  serial: 'serial.log',
  pid: 'qemu.pid',
  output: 'output',
  disk: 'disk.qcow2',
  log: 'packer.log',
} as const;

/** The step of the guest, by its marks. */
export const INSTALL = 'install';

/**
 * QEMU's user network (documented defaults of -netdev user), for systemd-network-generator(8): the base has no user-data, and
 * Debian enables no systemd-networkd.
 */
const NETWORK = [
  ...['net.ifnames=0', 'ip=10.0.2.15::10.0.2.2:255.255.255.0::eth0:off', 'ip=off'],
  ...['systemd-networkd.service', 'systemd-network-generator.service'].map((unit) => `systemd.wants=${unit}`),
].join(' ');

export interface ClassicTemplate {
  acceleration: Acceleration;
  cpus: number;
  memoryMiB: number;
  diskBytes: number;
  baseSha256: string;
  rootUuid: string;
  /** Value of QEMU's -smbios that brings the one-time key. */
  credential: string;
  sshPort: number;
  sshTimeoutSeconds: number;
}

export function classicTemplate(options: ClassicTemplate): PackerTemplate {
  const { acceleration, sshPort } = options;
  const marks = `echo '@unitsmith started ${INSTALL}'; sh {{ .Path }} || exit $?; echo '@unitsmith finished ${INSTALL}'`;
  return {
    name: 'classic',
    source: {
      qemu_binary: 'qemu-system-x86_64',
      accelerator: acceleration.kind,
      machine_type: 'q35',
      cpus: options.cpus,
      memory: options.memoryMiB,
      headless: true,
      disable_vnc: true,
      disk_image: true,
      iso_url: WORK.base,
      iso_checksum: `sha256:${options.baseSha256}`,
      format: 'qcow2',
      disk_size: `${options.diskBytes / 2 ** 20}M`,
      disk_interface: 'virtio',
      disk_cache: 'writeback',
      disk_discard: 'unmap',
      disk_detect_zeroes: 'unmap',
      skip_compaction: true,
      net_device: 'virtio-net',
      skip_nat_mapping: true,
      output_directory: WORK.output,
      vm_name: WORK.disk,
      communicator: 'ssh',
      ssh_host: '127.0.0.1',
      ssh_port: sshPort,
      ssh_username: 'root',
      ssh_private_key_file: WORK.key,
      ssh_timeout: `${options.sshTimeoutSeconds}s`,
      boot_wait: '1s',
      shutdown_command: 'systemctl poweroff',
      shutdown_timeout: `${Math.ceil(60 * acceleration.timeoutFactor)}s`,
      qemuargs: [
        ['-cpu', acceleration.cpuModel],
        // Not restricted: apt reads from a server on the host.
        ['-netdev', `user,id=user.0,hostfwd=tcp:127.0.0.1:${sshPort}-:22`],
        ['-kernel', WORK.kernel],
        ['-initrd', WORK.initrd],
        ['-append', `root=UUID=${options.rootUuid} ro console=ttyS0 no_timer_check ${NETWORK}`],
        ['-serial', `file:${WORK.serial}`],
        ['-pidfile', WORK.pid],
        ['-smbios', options.credential],
      ],
    },
    provisioners: [{ shell: { script: WORK.script, execute_command: marks } }],
  };
}

/**
 * What the guest runs. The same rules as on our side: no service starts (invoke-rc.d(8)), no database cluster is made
 * (postgresql-common's createcluster.conf), no recommended packages.
 */
export function installScript(requested: readonly string[], port: number): string {
  return `set -eu
export DEBIAN_FRONTEND=noninteractive
printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
mkdir -p /etc/postgresql-common
echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf
rm -f /etc/apt/sources.list.d/*
echo 'deb [trusted=yes] http://10.0.2.2:${port} ./' > /etc/apt/sources.list
apt-get --quiet update
apt-get --quiet --yes --no-install-recommends install ${requested.join(' ')}
apt-get clean
rm -rf /var/lib/apt/lists/* /usr/sbin/policy-rc.d
fstrim --all
`;
}
