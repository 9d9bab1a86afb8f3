import type { Found, Rule, Subject } from '../rule.ts';

/** Arguments that a build gives its own boot; kernel-command-line(7), ds-identify of cloud-init. */
const FOREIGN =
  /^(ds=|cloud-init=|ci\.|cc:|network-config=|systemd\.(set_credential|import_credentials|unit=|wants=|mask=|condition_first_boot|debug[-_]shell|machine_id|hostname|run=)|rd\.systemd\.unit|init=|rdinit=|ip=|nameserver=|rd\.break|break(=|$)|autoinstall|preseed|url=|BOOT_IF=|single$|emergency$|rescue$|selinux=0|apparmor=0|mitigations=off|nokaslr|vt\.handoff)/;

const UUID = /^(UUID|PARTUUID)=/;

/** What a unit boots with: GRUB's generated configuration, what it is generated from, and the Boot Loader Specification's entries. */
export const bootArguments: Rule = {
  name: 'boot-arguments',
  title: "The kernel's arguments hold nothing of the build",
  remedy: 'Write grub.cfg and /etc/default/grub without it, and root by UUID.',
  check: (subject) => [...booted(subject), ...defaults(subject)],
};

/** Kernel lines that are booted as they are; each must say where the root is. */
function booted({ tree }: Subject): Found[] {
  const configs = [
    ...tree.texts('/boot', /\/(grub\.cfg|custom\.cfg)$|\/loader\/entries\/[^/]+\.conf$/),
    ...['/etc/kernel/cmdline', '/etc/kernel/cmdline.d'].flatMap((path) => cmdlineFile(tree.text(path), path)),
  ];
  return configs.flatMap(({ path, text }) => {
    const lines = [...text.matchAll(/^\s*(?:linux(?:efi|16)?\s+\S+|options)\s+(.*)$/gm)].map(([, args = '']) => args.trim().split(/\s+/));
    return [...new Set(lines.flatMap((args) => [...judge(args), ...judgeRoot(args, tree.superblock.uuid)]))].map((message) => ({
      path,
      message,
    }));
  });
}

function cmdlineFile(text: string | undefined, path: string): { path: string; text: string }[] {
  return text === undefined ? [] : [{ path, text: `options ${text}` }];
}

/** /etc/default/grub: the next update-grub on the unit would bring these back. */
function defaults({ tree }: Subject): Found[] {
  return tree.texts('/etc/default', /^\/etc\/default\/grub(\.d\/.*\.cfg)?$/).flatMap(({ path, text }) => {
    const values = [...text.matchAll(/^\s*GRUB_CMDLINE_LINUX\w*\s*=\s*(.*)$/gm)].map(([, value = '']) => value.replace(/^["']|["']$/g, ''));
    const named = /^\s*GRUB_DISABLE_LINUX_UUID\s*=\s*["']?true/m.test(text) ? ['turns root by UUID off'] : [];
    return [...new Set([...values.flatMap((value) => judge(value.split(/\s+/))), ...named])].map((message) => ({ path, message }));
  });
}

function judge(args: readonly string[]): string[] {
  return args.filter((arg) => FOREIGN.test(arg)).map((arg) => `passes ${arg} to the kernel`);
}

function judgeRoot(args: readonly string[], uuid: string): string[] {
  const root = args.find((arg) => arg.startsWith('root='))?.slice('root='.length);
  if (root === undefined) return ['does not say where the root is'];
  if (!UUID.test(root)) return [`names the root by device (${root})`];
  return root.startsWith('UUID=') && root.slice('UUID='.length).toLowerCase() !== uuid
    ? [`names another root than this disk has (${root})`]
    : [];
}
