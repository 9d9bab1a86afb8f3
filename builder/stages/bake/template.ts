/** The bake as a Packer template: pure, so that a table of tests holds it. Every path is relative to the work folder. */
import type { PackerTemplate, Provisioner, QemuSource } from '../../tools/packer/template.ts';
import type { Acceleration } from '../../vm/spec.ts';
import { smbiosCredential } from './credential.ts';

/** Names in the work folder. */
export const WORK = {
  template: 'unit.pkr.json',
  overlay: 'overlay.qcow2',
  kernel: 'vmlinuz',
  initrd: 'initrd.img',
  payload: 'payload.tar',
  scripts: 'scripts',
  own: 'bake',
  key: 'key',
  serial: 'serial.log',
  pid: 'qemu.pid',
  output: 'output',
  disk: 'disk.qcow2',
  log: 'packer.log',
} as const;

/** Steps in the guest beside the image's scripts, by the names that failures have. */
export const OWN_STEPS = { unpack: 'unpack', bootLoader: 'boot-loader', seal: 'seal' } as const;
export const SCRIPT_STEP = 'scripts/';

export interface BakeTemplate {
  image: { name: string; version: string };
  acceleration: Acceleration;
  cpus: number;
  memoryMiB: number;
  diskBytes: number;
  overlaySha256: string;
  rootUuid: string;
  tmpfiles: string;
  /** Port of 127.0.0.1 that QEMU leads to the guest's SSH. */
  sshPort: number;
  /** The one that Packer connects to: the same, or one that leads there. */
  communicatorPort: number;
  sshTimeoutSeconds: number;
  /** Names, in order. */
  scripts: readonly string[];
}

/**
 * Only what a log-in needs is started: no service of the product, no timer, no cloud-init, and it is no first boot. What
 * systemd would write to the disk on its own (random seed, journal, log-in records) is masked. kernel-command-line(7).
 */
export function kernelCommandLine(rootUuid: string): string {
  const wanted = ['ssh.service', 'systemd-networkd.service', 'systemd-network-generator.service'];
  const masked = [
    'systemd-random-seed.service',
    'systemd-journal-flush.service',
    'systemd-update-utmp.service',
    'systemd-networkd-persistent-storage.service',
    // Nothing here needs them, and each takes a part of a second of an emulated guest.
    'systemd-resolved.service',
    'systemd-timesyncd.service',
    'systemd-binfmt.service',
    'proc-sys-fs-binfmt_misc.automount',
    'sys-kernel-debug.mount',
    'sys-kernel-tracing.mount',
    'sys-kernel-config.mount',
    'sys-fs-fuse-connections.mount',
    'dev-hugepages.mount',
    'dev-mqueue.mount',
  ];
  return [
    ...[`root=UUID=${rootUuid}`, 'rw', 'console=ttyS0', 'no_timer_check', ...NETWORK],
    ...['systemd.unit=sysinit.target', ...wanted.map((unit) => `systemd.wants=${unit}`), ...masked.map((unit) => `systemd.mask=${unit}`)],
    // Without BPF among the security modules systemd loads none: two seconds of an emulated guest.
    ...['lsm=yama', 'systemd.ssh_auto=no'],
    ...['systemd.condition_first_boot=no', 'cloud-init=disabled', `module_blacklist=${UNUSED_DRIVERS.join(',')}`],
  ].join(' ');
}

/** What udev would load for the emulated machine and nothing here uses; a second or more each without KVM. */
const UNUSED_DRIVERS = [
  'kvm',
  'kvm_amd',
  'kvm_intel',
  'powernow_k8',
  'parport',
  'parport_pc',
  'ppdev',
  'psmouse',
  'pcspkr',
  'sr_mod',
  'sg',
  'lpc_ich',
  'iTCO_wdt',
  'i2c_i801',
  'button',
  'aesni_intel',
  'ghash_clmulni_intel',
  'polyval_clmulni',
  'sha512_ssse3',
  'sha256_ssse3',
  'sha1_ssse3',
];

/**
 * QEMU's user network (documented defaults of -netdev user), for systemd-network-generator(8). initramfs-tools reads
 * the last `ip=` and would wait for the network itself were that not `off`.
 */
const NETWORK = ['net.ifnames=0', 'ip=10.0.2.15::10.0.2.2:255.255.255.0::eth0:off', 'ip=off'];

export function bakeTemplate(bake: BakeTemplate): PackerTemplate {
  return { name: 'unit', source: source(bake), provisioners: provisioners(bake) };
}

function source(bake: BakeTemplate): QemuSource {
  return {
    qemu_binary: 'qemu-system-x86_64',
    accelerator: bake.acceleration.kind,
    machine_type: 'q35',
    cpus: bake.cpus,
    memory: bake.memoryMiB,
    headless: true,
    disable_vnc: true,
    disk_image: true,
    iso_url: WORK.overlay,
    iso_checksum: `sha256:${bake.overlaySha256}`,
    format: 'qcow2',
    disk_size: `${bake.diskBytes / 2 ** 20}M`,
    disk_interface: 'virtio',
    disk_cache: 'unsafe',
    disk_discard: 'unmap',
    disk_detect_zeroes: 'unmap',
    skip_compaction: true,
    net_device: 'virtio-net',
    skip_nat_mapping: true,
    output_directory: WORK.output,
    vm_name: WORK.disk,
    communicator: 'ssh',
    ssh_host: '127.0.0.1',
    ssh_port: bake.communicatorPort,
    ssh_username: 'root',
    ssh_private_key_file: WORK.key,
    ssh_timeout: `${bake.sshTimeoutSeconds}s`,
    boot_wait: '1s',
    // The root is read-only by then (seal.sh): the power can go.
    shutdown_command: 'echo o > /proc/sysrq-trigger',
    shutdown_timeout: `${Math.ceil(60 * bake.acceleration.timeoutFactor)}s`,
    qemuargs: [
      // Packer writes the accelerator into -machine; an -accel of ours would make QEMU refuse.
      ['-cpu', bake.acceleration.cpuModel],
      // No screen: nobody looks at it, and its driver takes an emulated guest seconds.
      ['-vga', 'none'],
      ['-display', 'none'],
      ['-netdev', `user,id=user.0,restrict=on,hostfwd=tcp:127.0.0.1:${bake.sshPort}-:22`],
      ['-kernel', WORK.kernel],
      ['-initrd', WORK.initrd],
      ['-append', kernelCommandLine(bake.rootUuid)],
      ['-serial', `file:${WORK.serial}`],
      ['-pidfile', WORK.pid],
      ['-smbios', smbiosCredential('tmpfiles.extra', bake.tmpfiles)],
    ],
  };
}

function provisioners(bake: BakeTemplate): Provisioner[] {
  const environment = ['DEBIAN_FRONTEND=noninteractive', `UNIT_IMAGE=${bake.image.name}`, `UNIT_VERSION=${bake.image.version}`];
  const own = (step: string): Provisioner => shell(`${WORK.own}/${step}.sh`, step, environment);
  return [
    { file: { source: WORK.payload, destination: '/var/tmp/unitsmith-payload.tar' } },
    own(OWN_STEPS.unpack),
    ...bake.scripts.map((name) => shell(`${WORK.scripts}/${name}`, `${SCRIPT_STEP}${name}`, environment)),
    own(OWN_STEPS.bootLoader),
    own(OWN_STEPS.seal),
  ];
}

/** The marks tell where the bake is and how a script ended, in words that no version of Packer changes. */
function shell(script: string, step: string, environment: readonly string[]): Provisioner {
  const command = [
    'chmod 0755 {{ .Path }}',
    `echo '@unitsmith started ${step}'`,
    '{{ .Vars }} {{ .Path }}',
    'code=$?',
    `if [ $code -eq 0 ]; then echo '@unitsmith finished ${step}'; else echo "@unitsmith failed ${step} $code"; fi`,
    'exit $code',
  ];
  return { shell: { script, execute_command: command.join('; '), environment_vars: environment } };
}
