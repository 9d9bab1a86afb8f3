import { entryRule } from '../rule.ts';

/** Empty files are right: packages make them with the owner that their service needs. */
export const logs = entryRule(
  {
    name: 'logs',
    title: 'There are no logs',
    remedy: 'Empty or remove it when the disk is sealed.',
  },
  ({ path, type, size }, { packages }) => {
    if (path.startsWith('/var/log/journal/')) return 'is a journal of the build';
    if (type !== 'file' || size === 0 || packages.owner(path) !== undefined) return undefined;
    if (path.startsWith('/var/log/')) return 'is a log of the build';
    return /^\/(root|home|opt|srv|var)\/.*\.log(\.\d+)?(\.gz|\.xz)?$/.test(path) ? 'looks like a log of the build' : undefined;
  },
);
