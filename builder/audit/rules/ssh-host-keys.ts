import { entryRule } from '../rule.ts';

/** sshd(8): host keys identify one machine. */
export const sshHostKeys = entryRule(
  {
    name: 'ssh-host-keys',
    title: 'There are no SSH host keys',
    remedy: 'Host keys are made at first boot: remove them before the disk is sealed.',
    contained: true,
  },
  ({ path, type }) =>
    type !== 'directory' && /^\/etc\/(ssh\/ssh_host_|dropbear\/dropbear_.*_host_key|ssh\/.*_host_.*key)/.test(path)
      ? 'is an SSH host key: every unit would have the same'
      : undefined,
);
