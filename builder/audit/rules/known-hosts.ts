import { entryRule } from '../rule.ts';

export const knownHosts = entryRule(
  {
    name: 'known-hosts',
    title: 'No account knows hosts or holds an SSH agent or configuration of the build',
    remedy: 'Remove it when the disk is sealed.',
    contained: true,
  },
  ({ path, type, size }) => {
    if (type === 'directory' || size === 0 || path.startsWith('/usr/')) return undefined;
    if (/\/\.ssh\/(known_hosts|config|environment|rc)[^/]*$|^\/etc\/ssh\/ssh_known_hosts/.test(path))
      return 'tells which hosts the build talked to';
    return /\/\.ssh\/id_[^/]+$/.test(path) ? 'is an SSH identity' : undefined;
  },
);
