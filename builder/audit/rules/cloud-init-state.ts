import { entryRule } from '../rule.ts';

/** cloud-init's documentation, "Instance metadata" and the layout of /var/lib/cloud; what `cloud-init clean` removes. */
export const cloudInitState = entryRule(
  {
    name: 'cloud-init-state',
    title: 'cloud-init has not run yet',
    remedy: 'Run `cloud-init clean --logs --seed` when the disk is sealed, and remove what it leaves.',
  },
  ({ path, type }, { packages }) => {
    if (path === '/etc/sudoers.d/90-cloud-init-users') return 'was written by cloud-init for the build';
    if (!path.startsWith('/var/lib/cloud/') || packages.owner(path) !== undefined) return undefined;
    return type === 'directory' && !/\/instances\/./.test(path)
      ? undefined
      : 'is state of an instance: cloud-init would take the unit for it';
  },
);
