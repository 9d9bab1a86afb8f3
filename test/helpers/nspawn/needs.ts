/** What the lab needs of this host. */
import { existsSync, readFileSync } from 'node:fs';

import { withSystemPath } from '../../../builder/kit/command.ts';
import { isRoot } from '../../../builder/tools/namespace.ts';

const PROGRAMS = ['systemd-nspawn', 'nsenter', 'unshare', 'setpriv', 'ip', 'mmdebstrap', 'zstd'];

/** Why containers cannot be booted here; undefined where they can. */
export function whyNoContainers(): string | undefined {
  if (!isRoot()) return 'systemd-nspawn boots units for root only';
  const folders = withSystemPath(process.env.PATH).split(':');
  const missing = PROGRAMS.filter((program) => !folders.some((folder) => existsSync(`${folder}/${program}`)));
  if (missing.length > 0) return `${missing.join(', ')} not found: node test/tools.mjs`;
  if (!/ cgroup2 /.test(readFileSync('/proc/mounts', 'utf8'))) return 'no control groups (version 2) are mounted';
  if (!/\toverlay$/m.test(readFileSync('/proc/filesystems', 'utf8'))) return 'this kernel has no overlayfs';
  return undefined;
}
