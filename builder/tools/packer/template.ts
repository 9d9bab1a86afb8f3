/**
 * A Packer template in HCL2's JSON syntax (`.pkr.json`) for one QEMU machine: the types hold what the bake uses of it,
 * and `templateText` the two ways of writing it, for Packer 1.6 and for 1.7 and later.
 */

/** Options of the QEMU builder (github.com/hashicorp/packer-plugin-qemu, builder/qemu) that 1.6 and today's plugin both know. */
export interface QemuSource {
  qemu_binary: string;
  accelerator: 'kvm' | 'tcg';
  machine_type: string;
  cpus: number;
  /** In MiB. */
  memory: number;
  headless: true;
  disable_vnc: true;
  disk_image: true;
  iso_url: string;
  iso_checksum: string;
  format: 'qcow2';
  disk_size: string;
  disk_interface: 'virtio';
  disk_cache: 'unsafe' | 'writeback';
  disk_discard: 'unmap';
  disk_detect_zeroes: 'unmap';
  skip_compaction: true;
  net_device: 'virtio-net';
  /** The forward is in our own -netdev; Packer only connects to it. */
  skip_nat_mapping: true;
  output_directory: string;
  vm_name: string;
  communicator: 'ssh';
  ssh_host: string;
  ssh_port: number;
  ssh_username: string;
  ssh_private_key_file: string;
  ssh_timeout: string;
  boot_wait: string;
  shutdown_command: string;
  shutdown_timeout: string;
  /** One group an option: `['-kernel', path]`. They replace what Packer would have given. */
  qemuargs: readonly (readonly string[])[];
}

export type Provisioner =
  | { file: { source: string; destination: string; generated?: boolean } }
  | { shell: { script: string; execute_command: string; environment_vars?: readonly string[]; skip_clean?: boolean } };

export interface PackerTemplate {
  name: string;
  source: QemuSource;
  provisioners: readonly Provisioner[];
}

/**
 * The template as text.
 * @param plugins whether this Packer takes its builders from plugins (1.7 and later); `packer init` then fetches the one named.
 */
export function templateText(template: PackerTemplate, plugins: boolean): string {
  const required = { required_plugins: { qemu: { version: '>= 1.0.9', source: 'github.com/hashicorp/qemu' } } };
  const document = {
    ...(plugins ? { packer: required } : {}),
    source: { qemu: { [template.name]: template.source } },
    build: [{ sources: [`source.qemu.${template.name}`], provisioner: template.provisioners }],
  };
  return `${JSON.stringify(escapeStrings(document), null, 2)}\n`;
}

/** HCL2 reads every JSON string as a template: `${` and `%{` are doubled to be taken literally (HCL native syntax, "Templates"). */
export function hclLiteral(text: string): string {
  return text.replace(/[$%]\{/g, (start) => start[0] + start);
}

function escapeStrings(value: unknown): unknown {
  if (typeof value === 'string') return hclLiteral(value);
  if (Array.isArray(value)) return value.map(escapeStrings);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, escapeStrings(member)]));
}
