import { entryRule, type Rule } from '../rule.ts';

/** What mmdebstrap, dpkg, Packer, Ansible and shell scripts leave lying about. */
const LEFTOVERS: readonly (readonly [pattern: RegExp, message: string])[] = [
  [/^\/(tmp|var\/tmp|run)\/./, 'is a temporary file of the build'],
  [/^\/usr\/s?bin\/policy-rc\.d$/, 'keeps services from starting'],
  [/^\/etc\/(apt\/apt\.conf\.d|dpkg\/dpkg\.cfg\.d)\/99mmdebstrap$/, 'was written by mmdebstrap for the build'],
  [/\/packer-[^/]*$|\/\.packer[^/]*$|\/\.ansible(\/|$)|\/ansible-tmp-/, 'is left over from the build'],
  [/^\/root\/(?!\.bashrc$|\.profile$|\.ssh$)./, "is in root's home"],
  [/^\/home\/[^/]+\/(\.ssh|\.cache|\.local|\.config|\.sudo_as_admin_successful)(\/|$)/, 'is a trace of somebody who was logged in'],
  [/^\/(proc|sys|dev|mnt|media)\/.+/, 'is in a folder that is empty on a unit'],
  [/^\/(debootstrap|\.dockerenv|\.cache)(\/|$)/, 'is left over from the build'],
  [/^\/lost\+found\/./, 'was found by fsck'],
  [/\.(dpkg-new|dpkg-tmp|dpkg-inst|apt-new|partial)$/, 'is half of something that was interrupted'],
  [/^\/etc\/\.resolv\.conf\.systemd-resolved\.bak$/, "is a copy of the build host's resolv.conf"],
];

const about = {
  name: 'build-leftovers',
  title: 'Nothing is left over from the build',
  remedy: 'Remove it when the disk is sealed.',
};

const visible = entryRule(about, ({ path, type }, { packages }) => {
  // mmdebstrap puts the few nodes that a system without devtmpfs needs into /dev.
  if (/^\/dev\//.test(path) && type !== 'file') return undefined;
  if (packages.owner(path) !== undefined) return undefined;
  return LEFTOVERS.find(([pattern]) => pattern.test(path))?.[1];
});

export const buildLeftovers: Rule = {
  ...about,
  async check(subject) {
    const hidden = subject.tree.hidden.map(({ path }) => ({ path, message: 'is in the root file system, hidden below the EFI partition' }));
    return [...(await visible.check(subject)), ...hidden];
  },
};
